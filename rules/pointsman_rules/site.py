"""What the rules of all virtual services share, from the sections `lua`, `lists`, `rule_tables`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import Field
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.contracts import Duration, Section, SectionPlace, Settings
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.lists import ListSettings, RuleList, make_lists
from pointsman_rules.rule_metrics import RuleMetrics
from pointsman_rules.rule_tables import AnyTable
from pointsman_rules.table_making import TableSettings, make_tables
from pointsman_rules.watchdog import Watchdog

# How often lists are looked at, and old values of tables forgotten; seconds.
CHORES = 1.0


class LuaSettings(Settings):
    """Rules in Lua.

    Attributes:
        engine: which Lua: lua54, lua55 or luajit (its compiler switched off).
        limits: what the rules of one service may use.
        watchdog: how long a rule may keep everybody waiting before it is told.
        watch: how often it is looked whether rule files have changed, to load them anew; 0 never.
        ca: file of the certificates (PEM) that `http.fetch` believes, instead of the system's.
    """

    engine: Engine = "lua54"
    limits: Limits = Field(default_factory=Limits)
    watchdog: Duration = Field(default=0.25, gt=0)
    watch: Duration = Field(default=0.0, ge=0, examples=["2s"])
    ca: str | None = Field(default=None, examples=["certs/inside.pem"])


class Watching(Protocol):
    """Somebody whose files may change."""

    @property
    def where(self) -> tuple[str, bool]:
        """Its service, and whether it is in the shadow there."""

    def look(self) -> None:
        """Look whether they have changed."""


class LuaSite:
    """What the rules of all virtual services share, as one configuration has it.

    Args:
        settings: of the section `lua`.
        lists, tables: by name.
        before: that of the configuration at work, if there is one: what goes on beside the rules
            and what they have counted is the same.
        ca: certificates that are believed (PEM), None for those of the system.

    Raises:
        ValueError: these cannot be read.

    Attributes:
        trust: whom rules believe about certificates, None for those whom the system believes.
        beside: what goes on beside the rules, whatever the configuration.
    """

    def __init__(
        self,
        settings: LuaSettings,
        lists: Mapping[str, RuleList],
        tables: Mapping[str, AnyTable],
        before: LuaSite | None = None,
        ca: bytes | None = None,
    ) -> None:
        self.ca = ca
        self.trust: Any = None
        if ca is not None:
            self.trust = importlib.import_module("pointsman_rules.fetching").trust_in(ca)
        self.settings = settings
        self.lists = lists
        self.tables = tables
        self.beside: Beside = Beside() if before is None else before.beside
        self.watchdog = self.beside.watchdog

    def start(self, reactor: Any, user: Watching) -> None:
        """A book of rules begins its work."""
        self.at_work()
        self.beside.start(reactor, user)

    def at_work(self) -> None:
        """This is how it is now, for all books."""
        self.beside.site = self
        self.watchdog.late = self.settings.watchdog

    def stop(self, user: Watching) -> None:
        """A book of rules ends."""
        self.beside.stop(user)

    def metrics_of(self, service: str) -> RuleMetrics:
        """What the rules of a service count, whatever configuration they came with."""
        return self.beside.metrics.setdefault(service, RuleMetrics())

    def at_work_in(self, service: str, shadow: bool) -> Watching | None:
        """The book that is at work there, whatever configuration it came with."""
        return self.beside.books.get((service, shadow))


class Beside:
    """What goes on beside the rules of all services, from one configuration to the next.

    Attributes:
        site: as it is now; None before any rules are at work.
        metrics: what rules count, by service.
        watchdog: notices rules that take too long.
        books: those at work, by service and whether they are in the shadow.
    """

    log = Logger()

    def __init__(self) -> None:
        self.site: LuaSite | None = None
        self.metrics: dict[str, RuleMetrics] = {}
        self.watchdog = Watchdog()
        self.books: dict[tuple[str, bool], Watching] = {}
        self._due = 0.0
        self._chores = LoopingCall(self._look)
        self._reactor: Any = None

    def start(self, reactor: Any, user: Watching) -> None:
        """A book begins its work; the first one starts all that goes on."""
        self.books[user.where] = user
        if len(self.books) > 1:
            return
        self._reactor = reactor
        self._chores.clock = reactor
        self._chores.start(CHORES, now=False).addErrback(self._failed)
        self.watchdog.start(reactor)

    def stop(self, user: Watching) -> None:
        """A book ends; the last one ends it."""
        if self.books.get(user.where) is not user:
            return
        del self.books[user.where]
        if self.books:
            return
        self.watchdog.stop()
        if self._chores.running:
            self._chores.stop()

    def _look(self) -> None:
        site = self.site
        if site is None:
            return
        now = self._reactor.seconds()
        for one in site.lists.values():
            one.refresh(now)
        watch = site.settings.watch
        if watch and now >= self._due:
            self._due = now + watch
            for user in tuple(self.books.values()):
                user.look()

    def _failed(self, failure: Failure) -> None:
        self.log.failure("lists are not looked at any more", failure)


def sections() -> Mapping[str, Section]:
    """The sections about rules; `lua` becomes a ``LuaSite``."""
    return {
        "lists": Section(
            dict[str, ListSettings], make_lists, "sets, networks and maps for rules, by name"
        ),
        "rule_tables": Section(
            dict[str, TableSettings], make_tables, "tables in which rules remember, by name"
        ),
        "lua": Section(LuaSettings, _make_site, "the Lua in which rules run, and its limits"),
    }


def _make_site(settings: LuaSettings, place: SectionPlace) -> LuaSite:
    before: LuaSite | None = place.before
    lists, tables = place.made["lists"], place.made["rule_tables"]
    ca = None
    if settings.ca is not None:
        path = place.folder(("ca",)) / settings.ca
        try:
            ca = path.read_bytes()
        except OSError as error:
            place.error(f"cannot read {path}: {error.strerror}", at=("ca",))
    # The members of lists and tables are the very same if nothing of them has changed.
    known = before is not None and (settings, lists, tables, ca) == (
        before.settings,
        before.lists,
        before.tables,
        before.ca,
    )
    if before is not None and known:
        return before
    try:
        return LuaSite(settings, lists, tables, before, ca)
    except ValueError as error:
        place.error(f"{settings.ca}: {error}", at=("ca",))
        return LuaSite(settings, lists, tables, before)
