"""The rules of a service as they were loaded once: a runtime, and what it works with.

A reload makes another one; exchanges under way end with the one that they began with.
"""

from __future__ import annotations

import itertools
import random
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from weakref import ref

from pointsman_rules import codecs, sealing
from pointsman_rules.clocks import Clocks
from pointsman_rules.declarations import EVENTS
from pointsman_rules.expressions import Expressions
from pointsman_rules.facade import Facade
from pointsman_rules.facade_fields import fields_of
from pointsman_rules.files import RuleFile
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.lists import ListFunctions, RuleList
from pointsman_rules.patterns import PatternError, shape
from pointsman_rules.pool_functions import PoolFunctions
from pointsman_rules.rule_metrics import RuleMetrics
from pointsman_rules.rule_tables import AnyTable, TableFunctions
from pointsman_rules.runtime import Runtime, SourceError
from pointsman_rules.shadow import shadowed

Problem = tuple[None, str]


class Place(NamedTuple):
    """Where rules work: what all generations of a service share.

    Attributes:
        service: its name.
        clocks: seconds.
        pools: all pools, once the service runs.
        tables, lists: by name.
        metrics: counters and gauges of rules.
        say: told of a line for the log: level, text, place, number of the exchange, event.
        mode: of the service, "http" or "tcp".
    """

    service: str
    clocks: Clocks
    pools: PoolFunctions
    tables: Mapping[str, AnyTable]
    lists: Mapping[str, RuleList]
    metrics: RuleMetrics
    say: Callable[[str, str, str, str], None]
    mode: str = "http"


class LoadError(ValueError):
    """A rule file that cannot be used; ``file`` is its number from 1."""

    def __init__(self, message: str, file: int, option: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.option = option


class Generation:
    """Rule files at work.

    Args:
        files: in their order.
        engine, limits: of the runtime.
        place: where they work.
        timer: makes a timer: seconds, whether again and again; its number, or what is wrong.
        shadow: they change nothing.

    Raises:
        LoadError: one of them cannot be loaded.

    Attributes:
        runtime: theirs.
        facade: what it sees of exchanges.
        live: exchanges and connections by number.
        wanted: the events that somebody registered for.
    """

    def __init__(
        self,
        files: Sequence[RuleFile],
        engine: Engine,
        limits: Limits,
        place: Place,
        timer: Callable[[Generation, float, bool], int | Problem],
        shadow: bool = False,
    ) -> None:
        self.files = tuple(files)
        self.next_number = itertools.count(1).__next__
        self._place = place
        self._then: Callable[[], None] | None = None
        self._tables = TableFunctions(place.tables, place.clocks.seconds)
        self._lists = ListFunctions(place.lists)
        self.facade = facade = Facade()
        weak = ref(self)  # what Lua holds must not hold the Lua
        self.live = facade.live
        host: dict[str, Callable[..., Any]] = {
            "pattern_shape": _shape,
            "monotonic": place.clocks.seconds,
            "log": partial(_say, weak),
            "timer": partial(_timer, weak, timer),
            **_randomness(),
            **facade.functions(),
            **codecs.functions(place.clocks.epoch),
            **sealing.functions(place.clocks.epoch),
            **Expressions(limits.string).functions(),
            **self._tables.functions(),
            **self._lists.functions(),
            **place.pools.functions(),
            **place.metrics.functions(),
        }
        fields = fields_of(self.live)
        if shadow:
            host, fields = shadowed(host, fields, lambda told: _say(weak, "info", told, "", 0, ""))
        self.runtime = Runtime(engine, limits, host, fields, shadow=shadow)
        for number, file in enumerate(files, 1):
            self._load(number, file)
        self.runtime.compile()
        self.wanted = frozenset(e.name for e in EVENTS if self.runtime.has(e.name))
        if "load" in self.wanted:
            made = self.runtime.result(self.runtime.fire("load"), 0, 1)
            self.runtime.over(0)
            if made is not None:
                raise LoadError(str(made[2]), self.runtime.file_of("load", int(made[1])))
        self.runtime.collect()  # what was only wanted for loading: a tenth of it

    def _load(self, number: int, file: RuleFile) -> None:
        try:
            self.runtime.load(number, file.name, file.source, file.options, 0)
        except SourceError as error:
            raise LoadError(str(error), number, error.option) from None

    def say(self, level: str, text: str, where: str, number: int) -> None:
        """A line for the log."""
        x = self.live.get(number)
        self._place.say(level, text, where, getattr(x, "request_id", ""))

    def file_of(self, event: str, place: int) -> RuleFile | None:
        """The file of a function of an event."""
        number = self.runtime.file_of(event, place)
        return self.files[number - 1] if number else None

    def over(self, number: int) -> None:
        """An exchange or connection has ended."""
        self.live.pop(number, None)
        self.runtime.over(number)
        if self._then is not None:
            self._look()

    def leaves(self, number: int) -> None:
        """An exchange or connection goes on with another generation; here there is no room."""
        self.live.pop(number, None)

    def retire(self, then: Callable[[], None]) -> None:
        """Others work in its place. Call back once all that began with it has ended."""
        self._then = then
        self._look()

    def _look(self) -> None:
        then = self._then
        if then is not None and not self.live:
            self._then = None
            then()

    def has_all_of(self, place: Place) -> bool:
        """Whether there is everything that its rules have asked for by name."""
        return self._tables.asked <= {*place.tables} and self._lists.asked <= {*place.lists}

    def change(self, place: Place) -> None:
        """It works there from now on: with these tables and lists."""
        self._place = place
        self._tables.change(place.tables)
        self._lists.change(place.lists)


def _say(weak: ref[Generation], level: str, text: str, where: str, number: int, event: str) -> None:
    generation = weak()
    if generation is not None:
        generation.say(level, text, where, number)


def _timer(
    weak: ref[Generation],
    make: Callable[[Generation, float, bool], int | Problem],
    delay: float,
    every: bool,
) -> int | Problem:
    generation = weak()
    return make(generation, delay, every) if generation is not None else (None, "it is over")


class Visit(NamedTuple):
    """Where an exchange or connection is known: with which generation, under which number."""

    generation: Generation
    number: int


def _shape(pattern: str) -> tuple[int, int] | tuple[None, None, str]:
    try:
        made = shape(pattern)
    except PatternError as error:
        return None, None, str(error)
    return made.degree, made.doublings


def _randomness() -> dict[str, Callable[..., Any]]:
    def number(low: float = 0, high: float = 0) -> float | Problem:
        if not low and not high:
            return random.random()
        if high < low or low != int(low) or high != int(high):
            return None, "random.number wants two whole numbers, the smaller one first"
        return random.randint(int(low), int(high))

    def token(length: float = 16) -> str | Problem:
        if not 1 <= length <= 1024:
            return None, "random.token wants a length from 1 to 1024 bytes"
        return secrets.token_urlsafe(int(length))

    def octets(length: float) -> str | Problem:
        if not 1 <= length <= 65536:
            return None, "random.bytes wants a length from 1 to 65536"
        return secrets.token_bytes(int(length)).decode("latin-1")

    return {"random_number": number, "random_token": token, "random_bytes": octets}


def line_of(message: str) -> int:
    """The line that an error of Lua names, 0 if it names none."""
    found = re.search(r":(\d+): ", message)
    return int(found.group(1)) if found is not None else 0
