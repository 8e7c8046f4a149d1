"""The Lua part of the host: its files in the order in which they are run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

ORDER = (
    "budget", "verbs", "heads", "facades", "events", "runs", "services", "environment",
)  # fmt: skip
# Run once a rule asks for one of the globals in it, or for what else it holds, for memory's sake.
PARTS = {
    "strings": ("string", "table", "unpack"),
    "bits": ("bit",),
    "json": ("json",),
    "site": ("lists", "pools", "metrics"),
    "texts": ("text", "base64", "url", "hash", "crypto", "ip", "time", "random", "jwt"),
    "waits": ("sleep", "http", "every", "after"),
    "probes": (),
    "options": (),
    "cookies": (),
}

# Compiled, and without what only a debugger wants: a third of the memory for each runtime. Rules
# never meet this: what they load must be source.
_STRIP = b"""
local load = loadstring or load
return function(source, name)
  local f, problem = load(source, name)
  return f and string.dump(f, true) or error(problem)
end"""
_LOAD = b"""
local load = loadstring or load
return function(code, P) return load(code, '=host')(P) end"""


@lru_cache(maxsize=1)
def prelude() -> tuple[tuple[str, bytes], ...]:
    """Name and text of each file."""
    folder = Path(__file__).parent / "prelude"
    return tuple((name, (folder / f"{name}.lua").read_bytes()) for name in (*ORDER, *PARTS))


@lru_cache(maxsize=8)
def _stripped(engine: str, module: Any) -> dict[str, bytes]:
    lua = module.LuaRuntime(encoding="latin-1", register_eval=False, register_builtins=False)
    strip = lua.execute(_STRIP)
    return {name: strip(text, f"={name}").encode("latin-1") for name, text in prelude()}


def run_prelude(engine: str, module: Any, lua: Any, P: Any) -> None:
    """Run the files in a fresh runtime; each is given the table ``P``, which they share."""
    load = lua.execute(_LOAD)
    codes = _stripped(engine, module)
    P["code_of"] = codes.get
    P["part_of"] = lua.table_from({name: part for part, names in PARTS.items() for name in names})
    for name in ORDER:
        load(codes[name], P)
