"""``health: {kind: lua}``: a health check whose questions and judgement are a rule's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field
from twisted.logger import Logger

from pointsman.contracts import (
    Misfit,
    Offer,
    OverTls,
    Probe,
    Settings,
    Surroundings,
    Verdict,
    Written,
)
from pointsman.contracts.tls import TlsUpstreamSide
from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer
from pointsman_rules.clocks import Clocks
from pointsman_rules.decisions import words
from pointsman_rules.failures import Failures
from pointsman_rules.files import RuleFile, RuleSettings, read_rule, strictest
from pointsman_rules.generation import Generation, LoadError
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.making import place_of
from pointsman_rules.site import LuaSite

HEALTH = "health"
# What a server says that nobody reads is kept up to here, then it is down.
MOST_UNREAD = 64 * 1024
# So often one probe may ask for something; then it is ended.
MOST_TURNS = 10_000

TlsChoice = Annotated[
    bool | dict[str, Any], Written("`true`, `false`, or a mapping with the keys of `tls.upstream`")
]


class HealthRuleSettings(Settings):
    """A rule that asks and judges a server.

    Attributes:
        file: path of the rule, beside the configuration; it registers `on.health`.
        options: what the rule is told; it declares itself what it takes.
        tls: speak TLS: true, or how, with the keys of `upstream` of a TLS mode.
    """

    file: str = Field(examples=["rules/check.lua"])
    options: dict[str, Any] = Field(default_factory=dict, examples=[{"queue": 100}])
    tls: TlsChoice = Field(default=False, examples=[{"verify": "system"}])


@dataclass(slots=True)
class _Asked:
    """What a side toward servers is told of the work that a connection is for."""

    connection: ConnectionFacts
    request: RequestHead | None
    client_ip: str = ""
    kept: object = None
    memory: dict[object, object] = field(default_factory=dict)


class LuaCheck:
    """A health check that is a rule (contracts.HealthCheck).

    All its probes run in one runtime, which is begun anew if it is full.

    Args:
        file: the rule.
        engine, limits: of its runtime.
        site: whose tables and lists it has.
        pool: whose servers are asked.
        side: puts TLS on; None for plain bytes.

    Raises:
        LoadError: it cannot be loaded, or is no rule for this.
    """

    log = Logger()

    def __init__(
        self,
        file: RuleFile,
        engine: Engine,
        limits: Limits,
        site: LuaSite,
        pool: str,
        side: TlsUpstreamSide | None = None,
    ) -> None:
        self.describes = f"the rule {file.name}" + (", TLS" if side is not None else "")
        self._made_of = file, engine, limits, side
        self._site = site
        self._file = file
        self._pool = pool
        self._side = side
        self._place = place_of(f"health of {pool}", site)
        self._place = self._place._replace(clocks=Clocks(time.monotonic, time.time))
        self._failures = Failures(self._place.service, time.monotonic)
        self._generation = self._loaded()
        wanted = self._generation.wanted
        if HEALTH not in wanted:
            raise LoadError(f"{file.name}: it does not register on.health", 1)
        others = sorted(wanted - {HEALTH, "load"})
        if others:
            raise LoadError(f"{file.name}: on.{others[0]} is never asked in a health check", 1)
        self._probes: dict[str, LuaProbe] = {}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LuaCheck)
            and self._made_of == other._made_of
            and self._site is other._site
        )

    def __hash__(self) -> int:
        return hash((self._file.source, self._file.options))

    def _loaded(self) -> Generation:
        _, engine, limits, _ = self._made_of
        return Generation([self._file], engine, limits, self._place, _no_timer)

    def over(self, server: RealServer) -> OverTls | None:
        """What its probes of that server travel on."""
        side = self._side
        if side is None:
            return None
        host = server.address.host
        request = RequestHead(b"GET", b"/", host=host.encode("ascii", "replace"))
        facts = ConnectionFacts("", 0, "", 0, server_name=host)
        return OverTls(side, side.key(server, _Asked(facts, request)))

    def probe(self, server: RealServer) -> Probe:
        """One attempt. The one before it, if nobody has heard of its end, is given up."""
        before = self._probes.pop(server.name, None)
        if before is not None:
            before.give_up()
        if not self._generation.runtime.has_room:
            self.log.warn("{service}: its runtime is full: begun anew", service=self._place.service)
            for one in self._probes.values():
                one.forget()
            self._probes.clear()
            self._generation = self._loaded()
        made = self._probes[server.name] = LuaProbe(self, self._generation, server)
        return made

    # ---- what probes ask of it ----

    def run(self, call: Any, *given: object) -> Any:
        """Call into the runtime, seen by the watchdog."""
        watchdog = self._site.watchdog
        watchdog.running = self, HEALTH, None
        made = call(*given)
        watchdog.running = None
        return made

    @property
    def name(self) -> str:
        """For the watchdog."""
        return f"health of {self._pool} ({self._file.name})"

    def failed(self, text: str, trace: str) -> Verdict:
        """The rule itself has failed: nobody knows how the server is."""
        self._failures.note(self._file.name, HEALTH, text, trace, "")
        return Verdict(False, f"the rule failed: {text}")


class LuaProbe:
    """One run of the rule; what it waits for is what the server says."""

    def __init__(self, check: LuaCheck, generation: Generation, server: RealServer) -> None:
        self._check = check
        self._generation: Generation | None = generation
        self._server = server
        self._number = generation.next_number()
        self._ticket = 0
        self._wants: tuple[str, int] = ("", 0)
        self._in = bytearray()
        self._out = b""
        self._closed = False
        self._turns = 0

    # ---- contracts.Probe ----

    def start(self) -> bytes | Verdict:
        """What the rule says first."""
        generation, server = self._generation, self._server
        if generation is None:
            return Verdict(False, "the rule was begun anew")
        fire = generation.runtime.fire(HEALTH)
        made = self._check.run(
            generation.runtime.result, fire, self._number, 1, server.name, str(server.address)
        )
        return self._said(made)

    def receive(self, data: bytes) -> Verdict | bytes | None:
        """More came of the server."""
        self._in += data
        said = self._answered()
        if said is None and len(self._in) > MOST_UNREAD:
            self.give_up()
            return Verdict(False, "the server says more than the rule reads")
        return said

    def closed(self) -> Verdict:
        """The server has closed: the rule is told, and has to come to an end."""
        self._closed = True
        said = self._answered()
        while isinstance(said, bytes):  # it speaks to nobody
            said = self._answered()
        if said is None:
            self.give_up()
            return Verdict(False, "the server closed, and the rule still waits")
        return said

    # ---- the rule ----

    def _answered(self) -> Verdict | bytes | None:
        """Give the rule what it waits for, if that is there."""
        if self._generation is None:
            return Verdict(False, "the rule was begun anew")
        if not self._ticket:
            return None
        ticket, self._ticket = self._ticket, 0
        what, size = self._wants
        return self._said(("!wait", ticket, what, size)) or None

    def _found(self) -> bytes | None:
        """What it waits for, taken out of what the server has said."""
        what, size = self._wants
        data = self._in
        if what == "probe_line":
            end = data.find(b"\n")
            size = end + 1
            if end < 0:
                return None
        elif not size:
            size = len(data)
        if not data or len(data) < size:
            return None
        found = bytes(data[:size])
        del data[:size]
        return found.rstrip(b"\r\n") if what == "probe_line" else found

    def _said(self, made: Any) -> bytes | Verdict:
        """What came out of a run: what is to be sent before it goes on, or its verdict."""
        generation = self._generation
        assert generation is not None
        go_on = generation.runtime.go_on
        while made is not None and made[0] == "!wait":
            ticket, what = int(made[1]), str(made[2])
            self._turns += 1
            if self._turns > MOST_TURNS or len(self._out) > MOST_UNREAD:
                self._ticket = ticket
                self.give_up()
                return self._check.failed("it asks and asks, and comes to no end", "")
            given: tuple[object, ...] = (True,)
            if what in ("probe_read", "probe_line"):
                self._wants = what, int(made[3] or 0) if len(made) > 3 else 0
                out, self._out = self._out, b""
                found = None if out else self._found()
                if out or (found is None and not self._closed):
                    self._ticket = ticket
                    return out
                given = (True, None if found is None else found.decode("latin-1"))
            elif what == "probe_send":
                self._out += str(made[3]).encode("latin-1")
            else:
                given = (False, "on.health waits for nothing but its probe")
            made = self._check.run(go_on, ticket, *given)
        verdict = self._verdict(made)
        self._end()
        return verdict

    def _verdict(self, made: Any) -> Verdict:
        out = self._out
        if made is None:
            return Verdict(True, "the rule has nothing against it", farewell=out)
        kind = made[0]
        if kind == "!error":
            return self._check.failed(str(made[2]), str(made[3]))
        reason = str(made[-1]) or words(made)
        if kind == "degraded":
            return Verdict(True, reason, farewell=out, share=int(made[1]))
        if kind == "up":
            return Verdict(True, reason, farewell=out, share=100)
        return Verdict(False, reason, farewell=out)

    def give_up(self) -> None:
        """Nobody wants to know any more."""
        generation = self._generation
        if generation is not None and self._ticket:
            generation.runtime.give_up(self._ticket)
        self._end()

    def forget(self) -> None:
        """Its runtime is no more."""
        self._generation = None

    def _end(self) -> None:
        generation, self._generation = self._generation, None
        self._ticket = 0
        if generation is not None:
            generation.over(self._number)


def _no_timer(generation: Generation, delay: float, every: bool) -> tuple[None, str]:
    return None, "a health check has no timers: it is asked again and again as it is"


def make(settings: HealthRuleSettings, surroundings: Surroundings) -> LuaCheck:
    """The check of a pool.

    Raises:
        Misfit: the rule cannot be used; says where.
    """
    site: LuaSite = surroundings.sections["lua"]
    side = _side(settings.tls, surroundings)
    told = RuleSettings(file=settings.file, options=settings.options)
    try:
        file = read_rule(told, surroundings.folder(("file",)))
    except ValueError as error:
        hint = "a path beside the configuration"
        raise Misfit(str(error), hint, ("file",)) from None
    limits = strictest(site.settings.limits, [])
    try:
        return LuaCheck(file, site.settings.engine, limits, site, surroundings.pool, side)
    except LoadError as error:
        at = ("options", error.option) if error.option else ("file",)
        raise Misfit(str(error), "", at) from None


def _side(tls: bool | Mapping[str, Any], surroundings: Surroundings) -> TlsUpstreamSide | None:
    if tls is False:
        return None
    if tls is True and surroundings.upstream is not None:
        return surroundings.upstream
    if surroundings.make_tls_mode is None:
        raise Misfit("there is no TLS in this place", at=("tls",))
    options = {"verify": "none"} if tls is True else dict(tls)
    try:
        side = surroundings.make_tls_mode("originate", {"upstream": options}).upstream
    except Misfit as misfit:
        at = misfit.at[1:] if misfit.at[:1] == ("upstream",) else misfit.at
        raise Misfit(str(misfit), misfit.hint, ("tls", *at)) from None
    return side


OFFER = Offer(HealthRuleSettings, make, "A rule in Lua asks and judges the server.")
