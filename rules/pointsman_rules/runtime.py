"""One Lua runtime, closed off: what is in it, how rules are run in it, how they are stopped."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from pointsman_rules.declarations import EVENTS
from pointsman_rules.facade import NOTED
from pointsman_rules.limits import Engine, Limits, hard_limit
from pointsman_rules.prelude_files import run_prelude

# Chosen by name: `import lupa` itself would give whichever is newest.
_MODULES = {"lua54": "lupa.lua54", "lua55": "lupa.lua55", "luajit": "lupa.luajit21"}
TOO_MANY = "the rule ran for more than {} instructions"
TOO_LONG = "the rule ran for more than {:g} ms of CPU time"
TOO_BIG = "the rules of this service need more than {} KiB of memory"

Host = Mapping[str, Callable[..., Any]]


class SourceError(ValueError):
    """A rule file that cannot be loaded; ``option`` is the option at fault, if it is one."""

    def __init__(self, message: str, option: str = "") -> None:
        super().__init__(message)
        self.option = option


def _deny(*_: object) -> None:
    raise AttributeError("objects of the host have no attributes for rules")


class Runtime:
    """A Lua runtime with the prelude loaded.

    Args:
        engine: which Lua.
        limits: what a run may use.
        host: functions that the prelude calls, by name. They never raise; what they are given
            and what they return are texts (latin-1), numbers, booleans and None.
        fields: (type, reads, writes) of the facades: functions of a number (and a value).
        shadow: rules change nothing, and the host is told of each change.

    Attributes:
        once: the function that runs ``request`` where nobody wants to know more of an exchange.
            It is given its number, and its head if that was asked for before (``facade.spelled``);
            see ``fire``. If nothing waits and nothing fails, it is over then. "!full": there is no
            room, and nothing was run.
    """

    def __init__(
        self,
        engine: Engine,
        limits: Limits,
        host: Host,
        fields: Mapping[str, tuple[Host, Host]],
        *,
        shadow: bool = False,
    ) -> None:
        module = importlib.import_module(_MODULES[engine])
        self.engine = engine
        self._soft = limits.memory
        self.error: type[Exception] = module.LuaError
        self._lua = lua = module.LuaRuntime(
            encoding="latin-1",
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_handlers=(_deny, _deny),
            max_memory=hard_limit(limits),
        )
        if engine == "luajit":
            lua.execute(b"jit.off() jit.flush()")  # compiled code meets no hook
        table = lua.table_from
        P = lua.table()
        P["fetch"] = _fetching(host, fields)
        P["kinds"] = table(dict.fromkeys(fields, True))
        P["safe"] = lua.table()
        P["events"] = " ".join(_LEGAL)
        waiting = [e.name for e in EVENTS if e.waits]
        P["waits"] = table(dict.fromkeys([*waiting, "timer"], True))
        P["soft"] = limits.memory / 1024
        P["noted"] = table(dict.fromkeys(NOTED, True))
        P["shadow"] = shadow
        P["longest_string"] = limits.string
        P["pattern_work"] = 2_000_000
        P["most_steps"] = limits.instructions
        P["most_cpu"] = limits.cpu
        P["most_request_cpu"] = limits.request_cpu
        P["too_many"] = TOO_MANY.format(limits.instructions)
        P["too_long"] = TOO_LONG.format(limits.cpu * 1000)
        P["too_big"] = TOO_BIG.format(limits.memory // 1024)
        run_prelude(engine, module, lua, P)
        self._P = P
        self._compiled = P["compiled"]
        self._run_file = P["run_file"]
        self._loaded = P["loaded"]
        self._go_on = P["go_on"]
        self._give_up = P["give_up"]
        self._over = P["over"]
        self._where = P["where"]
        self._run_timer = P["run_timer"]
        self._declined = P["declined"]
        self.once: Callable[..., Any] = P["fire"]["once"]
        self._fired: dict[str, Callable[..., Any]] = {}

    # ---- memory ----

    @property
    def memory(self) -> int:
        """Bytes that its Lua objects take."""
        used: int = self._lua.get_memory_used()
        return used

    @property
    def memory_used(self) -> Callable[[], int]:
        """What tells ``memory``, to be called often."""
        told: Callable[[], int] = self._lua.get_memory_used
        return told

    @property
    def has_room(self) -> bool:
        """Whether something may be run: what is handed over must find room.

        Where it is over its limit, it collects what nobody uses any more first.
        """
        if self._lua.get_memory_used() <= self._soft:
            return True
        for _ in range(3):  # LuaJIT lets go of its buffers only by and by
            self._lua.gccollect()
            if self._lua.get_memory_used() <= self._soft:
                return True
        return False

    def collect(self) -> None:
        """Let go of what nobody uses any more."""
        self._lua.gccollect()

    @property
    def crowded(self) -> bool:
        """Whether what it holds for good leaves too little room for runs to end well."""
        for _ in range(3):
            self._lua.gccollect()
        return bool(self._lua.get_memory_used() > self._soft * 3 // 4)

    # ---- loading ----

    def load(self, file: int, name: str, source: bytes, options: str, number: int) -> None:
        """Run a rule file, so that it registers its functions.

        Args:
            file: its number among the files of the service.
            name: as errors shall show it.
            source: its text.
            options: its options in JSON, "" for none.
            number: of the run.

        Raises:
            SourceError: it cannot be compiled, or fails, or its options are wrong.
        """
        if source.startswith(b"\x1b"):
            raise SourceError(f"{name}: this is compiled Lua, only its source can be loaded")
        self._P["option_problem"] = None
        made = self._compiled(name, source, options)
        if isinstance(made, tuple):
            raise SourceError(str(made[1]))
        try:
            result = self.result(self._run_file, file, made, number)
        finally:
            self._loaded()
            self._over(number)
        if result is None:
            return
        problem = self._P["option_problem"]
        if problem is not None:
            raise SourceError(str(problem[2]), str(problem[1]))
        if result[0] == "!error":
            told = str(result[2])
            raise SourceError(told if told.startswith(f"{name}:") else f"{name}: {told}")
        raise SourceError(f"{name}: a rule file cannot wait while it is loaded")

    def compile(self) -> None:
        """All files are loaded: events can be fired."""
        self._P["compile"]()

    def has(self, event: str) -> bool:
        """Whether somebody registered for that event."""
        return bool(self._P["has"](event))

    def switch(self, file: int, on: bool, status: int = 0) -> None:
        """Switch a file off, or on again; ``status`` is answered in its place, 0 for nothing."""
        self._P["switch"](file, on, status)

    def file_of(self, event: str, place: int) -> int:
        """The file of a function of an event."""
        return int(self._P["file_of"](event, place) or 0)

    # ---- running ----

    def fire(self, event: str) -> Callable[..., Any]:
        """The function that runs an event.

        It is given the number of the exchange, the place among the functions of the event to
        begin at (1), and what belongs to the event. It gives back None or a tuple that begins with
        a verb, with "!wait" (ticket, what, its arguments) or with "!error" (place, text,
        traceback, changed body). Before a verb, or in its place, there may be heads that rules have
        changed, "!head" (which, its lines) each. It may raise ``error``, whose tuple ``failed``
        makes.
        """
        found = self._fired.get(event)
        if found is None:
            found = self._fired[event] = self._P["fire"][event]
        return found

    def failed(self, error: Exception) -> tuple[Any, ...]:
        """The failure behind an error that met the host itself (the one hook of LuaJIT)."""
        place, trace, changed = self._where()
        text = str(error).partition("\nstack traceback:")[0]
        return "!error", int(place), text, str(trace), changed

    def result(self, run: Callable[..., Any], *given: object) -> Any:
        """What a run gave back, in the one form; see ``fire``."""
        try:
            return run(*given)
        except self.error as error:
            return self.failed(error)

    def go_on(self, ticket: int, ok: bool, *values: object) -> Any:
        """Resume what waits under that ticket; see ``result``."""
        return self.result(self._go_on, ticket, ok, *values)

    def give_up(self, ticket: int) -> None:
        """Nobody wants to know any more how that goes on."""
        self._give_up(ticket)

    def run_timer(self, timer: int, number: int) -> Any:
        """Run the function of a timer; see ``result``."""
        return self.result(self._run_timer, timer, number)

    def declined(self, number: int, name: str) -> bool:
        """Whether a rule has said ``ctx.NAME = false`` in that exchange."""
        return bool(self._declined(number, name))

    def over(self, number: int) -> None:
        """An exchange, connection or timer has ended: nothing of it can be used any more."""
        self._over(number)

    @property
    def instructions(self) -> float:
        """Instructions of the last run: counted by the five hundred, so right on an average."""
        return float(self._P["instructions"]())

    @property
    def globals(self) -> frozenset[str]:
        """The names of the globals that every rule file has."""
        kept = {str(name) for name in self._P["base"]}
        parts = {str(name) for name in self._P["part_of"]}
        return frozenset(kept | parts | {"options", "config", "_G"})

    @property
    def library(self) -> Mapping[str, set[str]]:
        """The names of the functions of each library that rules have."""
        self._P["all_parts"]()
        library = self._P["library"]
        return {str(name): {str(key) for key in library[name]} for name in library}

    @property
    def live(self) -> int:
        """How many exchanges and connections it remembers."""
        return int(self._P["live"]())


def _fetching(host: Host, fields: Mapping[str, tuple[Host, Host]]) -> Callable[[str, str], Any]:
    groups: dict[str, Mapping[str, Any]] = {"py": host}
    groups |= {"legal": _LEGAL, "legal words": _LEGAL_WORDS}
    for kind, (reads, writes) in fields.items():
        groups[f"read {kind}"] = reads
        groups[f"write {kind}"] = writes
    return lambda group, name: groups[group].get(name)


def _words(verbs: tuple[str, ...]) -> str:
    names = ["a string" if verb == "text" else f"{verb}()" for verb in verbs]
    return "it may return " + (", ".join(names) + " or nothing" if names else "nothing")


# By event: the verbs that it may return with a blank before and behind each, and in a sentence.
_LEGAL = {event.name: f" {' '.join(event.verbs)} " for event in EVENTS}
_LEGAL_WORDS = {event.name: _words(event.verbs) for event in EVENTS}
