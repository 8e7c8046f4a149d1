"""The Lua part of the host: its files in the order in which they are run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

ORDER = (
    "budget", "strings", "bits", "json", "verbs", "heads", "facades", "events", "runs", "services",
    "texts", "waits", "probes", "environment",
)  # fmt: skip

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
    return tuple((name, (folder / f"{name}.lua").read_bytes()) for name in ORDER)


@lru_cache(maxsize=8)
def _stripped(engine: str, module: Any) -> tuple[str, ...]:
    lua = module.LuaRuntime(encoding="latin-1", register_eval=False, register_builtins=False)
    strip = lua.execute(_STRIP)
    return tuple(strip(text, f"={name}") for name, text in prelude())


def run_prelude(engine: str, module: Any, lua: Any, P: Any) -> None:
    """Run all files in a fresh runtime; each is given the table ``P``, which they share."""
    load = lua.execute(_LOAD)
    for code in _stripped(engine, module):
        load(code, P)
