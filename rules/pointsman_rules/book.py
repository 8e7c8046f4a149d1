"""The rulebook of the Lua files of one virtual service: what it is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from weakref import ref

from twisted.logger import Logger

from pointsman.contracts import Candidate
from pointsman.contracts.rules import Rulebook, RuledConnection, RuledExchange, RuleEvents, RuleRoom
from pointsman.model.decision import Answer, Decision
from pointsman_rules.bodies import attach
from pointsman_rules.failures import PAUSE, Failures
from pointsman_rules.files import RuleFile, read_source, stamp
from pointsman_rules.generation import Generation, Place, Visit
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.rule_tables import share_all
from pointsman_rules.runs import Runs
from pointsman_rules.same_book import SameBook
from pointsman_rules.site import LuaSite
from pointsman_rules.timers import Timers
from pointsman_rules.waiting import Waits

# Not that of a book: whoever keeps what was logged would keep the book.
_log = Logger()

_OF_EXCHANGES = (
    "request", "request_body", "request_chunk", "select", "selected", "connect_failed",
    "upstream_request", "response", "response_body", "response_chunk", "error", "log",
)  # fmt: skip
_OF_CONNECTIONS = ("connection", "client_hello", "tls", "data", "close")
_BODIES = ("request_body", "request_chunk", "response_body", "response_chunk")


class Book(Rulebook):
    """The Lua rules of a virtual service.

    Args:
        files: in their order, all in the shadow or none.
        engine, limits: of the runtime.
        place: where they work.
        site: what it shares with others.

    Raises:
        generation.LoadError: one of them cannot be loaded.

    Attributes:
        generation: the files as they were loaded last.
        failures: what is kept of failing rules.
        timers: of its rules.
        trial: tries a file that has changed, and raises ValueError if its own tests fail.
    """

    def __init__(
        self,
        files: Sequence[RuleFile],
        engine: Engine,
        limits: Limits,
        place: Place,
        site: LuaSite,
    ) -> None:
        self._engine = engine
        self._limits = limits
        self.place = place
        self.shadow = files[0].shadow
        self._site = site
        self._room: RuleRoom | None = None
        self.failures = Failures(place.service, place.clocks.seconds)
        self.waits = Waits(place.pools)
        self.timers = Timers(limits.timers, partial(_timer_due, ref(self)))
        self.generation = self._loaded(files)
        self._runs = Runs(self, limits, site.watchdog)
        self.trial: Callable[[RuleFile], None] | None = None
        self.describes = ", ".join(file.name for file in files)
        self.warnings: Sequence[str] = ()
        self._events: RuleEvents | None = None
        self._seen = tuple(stamp(file.path) for file in files)

    # ---- loading ----

    def _loaded(self, files: Sequence[RuleFile]) -> Generation:
        return Generation(
            files, self._engine, self._limits, self.place, self.timers.add, self.shadow
        )

    def replace(self, files: Sequence[RuleFile]) -> None:
        """Load these files and let them take over; exchanges under way end with the old ones.

        Raises:
            generation.LoadError: one of them cannot be loaded; all stays as it was.
        """
        made = self._loaded(files)
        old, self.generation = self.generation, made
        self.timers.drop(old)
        self._retire(old)
        self.describes = ", ".join(file.name for file in files)
        self._events = None
        if self._room is not None:
            self._room.changed()

    def look(self) -> None:
        """Load files anew that have changed; if that fails, all stays as it was."""
        files = self.generation.files
        seen = tuple(stamp(file.path) for file in files)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            made = [file._replace(source=read_source(file.path, file.name)) for file in files]
            if [file.source for file in made] == [file.source for file in files]:
                return
            if self.trial is not None:
                for file in made:
                    self.trial(file)
            self.replace(made)
        except ValueError as error:
            told = "{service}: rules stay as they were: {error}"
            _log.error(told, service=self.place.service, error=error)
            return
        _log.info(
            "{service}: rules were loaded anew: {files}",
            service=self.place.service,
            files=self.describes,
        )

    def renew(self, why: str) -> None:
        """The runtime is full: another one takes its place, with what the old one had forgotten."""
        _log.warn("{service}: {why}: begun anew", service=self.place.service, why=why)
        self.replace(self.generation.files)

    def _retire(self, old: Generation) -> None:
        """Tell it that it is unloaded, once the last exchange that it knows has ended."""
        if "unload" in old.wanted:
            old.retire(partial(self._unload, old))

    def _unload(self, old: Generation) -> None:
        self._runs.ask(old, "unload", 0, None)
        old.runtime.over(0)

    # ---- the framework's side (contracts.rules.Rulebook) ----

    def start(self, room: RuleRoom) -> None:
        """The service runs: timers begin."""
        self._room = room
        clocks = self.place.clocks
        clocks.monotonic, clocks.wall = room.clock, room.wall
        self.place.pools.room = room
        self.waits.reactor, self.waits.trust = room.reactor, self._site.trust
        self._site.start(room.reactor, self)
        self.timers.start(room.reactor)

    def stop(self) -> None:
        """The service ends, or has new rulebooks."""
        if self._room is not None:
            self._room = None
            self.timers.stop()
            self._site.stop(self)
            self._retire(self.generation)
            self._events = None

    @property
    def counts(self) -> Mapping[str, float]:
        """Its failures, and what its rules count."""
        if self.shadow:
            return {"rule_failures_in_shadow": float(self.failures.count)}
        return {"rule_failures": float(self.failures.count), **self.place.metrics.values}

    def stays(self, made: Rulebook) -> bool:
        """Whether it is known that this one does the same (``would_be``)."""
        return made is self or (isinstance(made, SameBook) and made.book is self)

    def would_be(
        self, files: Sequence[RuleFile], engine: Engine, limits: Limits, place: Place
    ) -> bool:
        """Whether these files, as they were read, would make the same of themselves there."""
        made_of = self.place.mode, self._engine, self._limits, self.generation.files
        same = made_of == (place.mode, engine, limits, tuple(files))
        return same and self.generation.has_all_of(place)

    @property
    def where(self) -> tuple[str, bool]:
        """Its service, and whether it is in the shadow there."""
        return self.place.service, self.shadow

    def keep(self, made: Rulebook) -> None:
        """Tables and lists may be others, or have other limits."""
        if not isinstance(made, SameBook):
            return
        self._site = made.site
        self._site.at_work()
        self.waits.trust = made.site.trust
        tables = made.place.tables
        if self.shadow:
            share_all(tables, self.place.tables)
        self.place = self.place._replace(tables=tables, lists=made.place.lists)
        self.generation.change(self.place)

    def take_over(self, before: Sequence[Rulebook]) -> None:
        """Say that they are others; those in the shadow have tables of their own, which stay."""
        told = "{service}: rules begin anew: {files}"
        _log.info(told, service=self.place.service, files=self.describes)
        if self.shadow:
            for old in before:
                if isinstance(old, Book) and old.shadow:
                    share_all(self.place.tables, old.place.tables)

    def suspend(self, file: RuleFile, number: int) -> None:
        """Do not ask a file for a while: it fails too often."""
        _log.error(
            "{service}: rule {file} failed too often: it is not asked for {pause:g} s",
            service=self.place.service,
            file=file.name,
            pause=PAUSE,
        )
        generation = self.generation
        generation.runtime.switch(number, False, file.status)
        if self.waits.reactor is not None:
            self.waits.reactor.callLater(PAUSE, generation.runtime.switch, number, True)

    def timer_due(self, generation: Generation, timer: int) -> None:
        """A timer of that generation has run off."""
        self._runs.timer(generation, timer)

    # ---- what it wants to be asked ----

    @property
    def events(self) -> RuleEvents:
        """What it wants to be asked, and how."""
        # Made when it is asked for, as it holds this book: one that was made for nothing, because
        # another like it stays, goes at once and takes its Lua along.
        if self._events is None:
            self._events = self._made_events()
        return self._events

    @events.setter
    def events(self, events: RuleEvents) -> None:
        self._events = events

    def _made_events(self) -> RuleEvents:
        wanted = self.generation.wanted
        exchanges = wanted.intersection(_OF_EXCHANGES)
        # Only what comes back later has to be found again.
        keeps = bool(exchanges - {"request"})
        request: Any = None
        if {"request", "request_body", "request_chunk"} & wanted:
            request = self._request_kept if keeps else self._runs.once(self.generation)
        response = {"response", "response_body", "response_chunk"} & wanted
        connections = wanted.intersection(_OF_CONNECTIONS)

        def exchange(event: str) -> Callable[[RuledExchange], Answer] | None:
            return self._exchange_event(event) if event in wanted else None

        def connection(event: str) -> Callable[[RuledConnection], Answer] | None:
            return self._connection_event(event) if event in wanted else None

        return RuleEvents(
            connection=connection("connection"),
            client_hello=connection("client_hello"),
            tls=connection("tls"),
            data=self._data if "data" in wanted else None,
            request=request,
            select=self._select if "select" in wanted else None,
            selected=exchange("selected"),
            connect_failed=exchange("connect_failed"),
            upstream_request=exchange("upstream_request"),
            response=self._response if response else None,
            error=exchange("error"),
            log=self._log if keeps else None,
            close=self._close if connections else None,
            server_state=self._server_state if "server_state" in wanted else None,
        )

    def _visit(self, x: RuledExchange) -> Visit:
        visit = x.notes.get(self)
        if visit is None:
            generation = self.generation
            visit = x.notes[self] = Visit(generation, generation.next_number())
            generation.live[visit.number] = x
        assert isinstance(visit, Visit)
        return visit

    def _request_kept(self, x: RuledExchange) -> Answer:
        generation, number = self._visit(x)
        if "request" not in generation.wanted:
            self._attach_request(generation, number)
            return None
        after = self._attach_request if generation.wanted.intersection(_BODIES) else None
        said: Answer = self._runs.ask(generation, "request", number, x, after=after)
        return said

    def _response(self, x: RuledExchange) -> Answer:
        generation, number = self._visit(x)
        if "response" not in generation.wanted:
            self._attach_response(generation, number)
            return None
        after = self._attach_response if generation.wanted.intersection(_BODIES) else None
        said: Answer = self._runs.ask(generation, "response", number, x, after=after)
        return said

    def _attach_request(self, generation: Generation, number: int) -> None:
        attach(self._runs, generation, number, generation.live[number], "request")

    def _attach_response(self, generation: Generation, number: int) -> None:
        attach(self._runs, generation, number, generation.live[number], "response")

    def begin_again(self, seen: Any) -> Visit:
        """Take an exchange or connection to the generation of now, under a number of its own."""
        generation = self.generation
        visit = Visit(generation, generation.next_number())
        generation.live[visit.number] = seen
        known = seen.notes if hasattr(seen, "notes") else seen.memory
        left = known.pop(self, None)
        if left is not None:
            left.generation.leaves(left.number)
            known[self] = visit
        return visit

    def _exchange_event(self, event: str) -> Callable[[RuledExchange], Answer]:
        ask = self._runs.ask

        def asked(x: RuledExchange) -> Answer:
            generation, number = self._visit(x)
            if event not in generation.wanted:
                return None
            given: tuple[object, ...] = ()
            if event == "selected":
                given = (x.server,)
            elif event == "connect_failed":
                failure = x.failure
                phase, told = (failure.phase, str(failure)) if failure is not None else ("", "")
                given = (x.server, x.attempts, phase, told)
            said: Answer = ask(generation, event, number, x, *given)
            return said

        return asked

    def _select(self, x: RuledExchange, candidates: Sequence[Candidate]) -> str | Decision | None:
        generation, number = self._visit(x)
        if "select" not in generation.wanted:
            return None
        names = "\n".join(one.name for one in candidates)
        return self._runs.select(generation, number, x, names)

    def _log(self, x: RuledExchange) -> None:
        visit = x.notes.get(self)
        if visit is None and "log" not in self.generation.wanted:
            return
        generation, number = self._visit(x)
        if "log" in generation.wanted:
            self._runs.ask(generation, "log", number, x)
        generation.over(number)

    def _connection_visit(self, x: RuledConnection) -> Visit:
        visit = x.memory.get(self)
        if visit is None:
            generation = self.generation
            visit = x.memory[self] = Visit(generation, generation.next_number())
            generation.live[visit.number] = x
        assert isinstance(visit, Visit)
        return visit

    def _connection_event(self, event: str) -> Callable[[RuledConnection], Answer]:
        def asked(x: RuledConnection) -> Answer:
            generation, number = self._connection_visit(x)
            if event not in generation.wanted:
                return None
            said: Answer = self._runs.ask(generation, event, number, x)
            return said

        return asked

    def _data(self, x: RuledConnection, data: bytes, more: bool) -> Answer:
        generation, number = self._connection_visit(x)
        if "data" not in generation.wanted:
            return None
        said: Answer = self._runs.ask(generation, "data", number, x, data.decode("latin-1"), more)
        return said

    def _close(self, x: RuledConnection) -> None:
        visit = x.memory.get(self)
        if visit is None and "close" not in self.generation.wanted:
            return
        generation, number = self._connection_visit(x)
        if "close" in generation.wanted:
            self._runs.ask(generation, "close", number, x)
        generation.over(number)

    def _server_state(self, pool: str, server: str, old: str, new: str) -> None:
        generation = self.generation
        number = generation.next_number()
        self._runs.ask(generation, "server_state", number, None, pool, server, old, new, last=True)


def _timer_due(owner: ref[Book], generation: Generation, timer: int) -> None:
    book = owner()
    if book is not None:
        book.timer_due(generation, timer)
