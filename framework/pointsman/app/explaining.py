"""What would become of a request: the real rules, pins and schedulers, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from twisted.internet.task import Clock

from pointsman.app.running_rules import RunningRules
from pointsman.config.build import Site
from pointsman.contracts import Arrival, Persistence, Sight, Table
from pointsman.contracts.rules import Choosing, Chosen, Rulebook, RuleEvents
from pointsman.contracts.tls import TlsFacts
from pointsman.core.explain import Choice, explain
from pointsman.core.forwarded import AboutClient
from pointsman.core.hop_by_hop import request_bytes
from pointsman.core.members import Member
from pointsman.core.pinning import tables_of
from pointsman.core.pool import PINNED, Pool
from pointsman.core.ports import Asking, UpstreamPort
from pointsman.core.ruled_exchange import RuledExchange
from pointsman.core.rules import Rules
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import TableError
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead


class Looking(Persistence):
    """The pins of a pool, looked at: nothing is noted, made or forgotten."""

    def __init__(self, persistence: Persistence) -> None:
        self._persistence = persistence

    @property
    def timeout(self) -> float:
        """As ever."""
        return self._persistence.timeout

    @property
    def table(self) -> Table | None:
        """Nobody may write there."""
        return None

    @property
    def wants_request(self) -> bool:
        """As ever."""
        return self._persistence.wants_request

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Where it is pinned."""
        with suppress(Exception):  # a table that only the running program has open
            return self._persistence.look(arrival, now).member or None
        return None

    def look(self, arrival: Arrival, now: float) -> Sight:
        """As ever."""
        return self._persistence.look(arrival, now)

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """It would be pinned."""
        return False

    def forget(self, arrival: Arrival) -> None:
        """It would be forgotten."""

    def request(self, arrival: Arrival, head: RequestHead, member: str) -> None:
        """As the persistence changes it."""
        self._persistence.request(arrival, head, member)


class Watching(Rulebook):
    """Sees how servers are chosen, and has no say in it.

    Attributes:
        choice: the last one.
        by_rule: whether it was a rule's.
    """

    describes = "explain"

    def __init__(self, pools: Mapping[str, Pool], now: float) -> None:
        self._pools = pools
        self._now = now
        self.choice: Choice | None = None
        self.by_rule = False
        self.events = RuleEvents(choosing=self._choosing)

    def _choosing(self, arrival: Choosing) -> Chosen:
        choice = explain(self._pools[arrival.pool], arrival, self._now)

        def chosen(server: str, how: str, by_rule: bool) -> None:
            self.choice = choice.came_to(server, how, by_rule)
            self.by_rule = by_rule

        return chosen


class _Threads:
    """Work for threads is done at once: there is nobody who could be kept waiting."""

    def callInThreadWithCallback(
        self, done: Callable[[bool, Any], None], work: Callable[..., Any], *args: Any, **more: Any
    ) -> None:
        """Do it here."""
        done(True, work(*args, **more))


class _Stillness(Clock):
    """A reactor in which no time passes."""

    def getThreadPool(self) -> _Threads:
        """No threads at all."""
        return _Threads()

    def callFromThread(self, do: Callable[..., Any], *args: Any, **more: Any) -> None:
        """At once."""
        do(*args, **more)


def open_lasting(site: Site) -> Iterator[str]:
    """Open what pins are kept in where that is possible beside the program that runs; what is not.

    Whoever opened them closes them.
    """
    for table in site.tables:
        if table.outlives and (site.state_dir is None or site.state_dir.exists()):
            try:
                table.start(None)
            except TableError as error:
                yield str(error)
    for name, pool in site.pools.items():
        if any(not table.outlives for table in tables_of([pool.pinning])):
            yield f"pool {name} has pins in the program that runs, and they are not seen from here"


class Explanation:
    """One request, led as far as the server that it would be sent to.

    Args:
        site: built and not at work.
        service: which of its services it comes to, in http mode.
        head: the request.
        connection: how it comes.
        wall: seconds since the epoch.
        now: the second of the clock that its tables go by.
    """

    def __init__(
        self,
        site: Site,
        service: VirtualService,
        head: RequestHead,
        connection: ConnectionFacts,
        wall: Callable[[], float],
        now: float = 0.0,
    ) -> None:
        self.connection = connection
        self.tls: TlsFacts | None = TlsFacts(connection.server_name) if connection.secure else None
        self.memory: dict[object, object] = {}
        self.bound: UpstreamPort | None = None
        self.closing = False
        self._service = service
        self._head = head
        self._steps: list[str] = []
        self._errors: list[str] = []
        self._answer: tuple[ResponseHead, bytes] | None = None
        self._sent = b""
        self._ended = False
        pools = {name: _looked_at(pool) for name, pool in site.pools.items()}
        books = service.rules.books if service.rules is not None else ()
        self._watching = Watching(pools, now)
        rules = service.rules = Rules((self._watching, *books), pools)
        service.pool = pools[service.pool.name]
        if service.sorry is not None:
            service.sorry = pools[service.sorry.name]
        service.finished = ()
        reactor = _Stillness()
        reactor.advance(now)
        self._running = RunningRules(service, pools, reactor, reactor.seconds, wall)
        supplies = ExchangeSupplies(
            service, self, reactor.seconds, wall, lambda: "explained-1", self._raised
        )
        self._about = AboutClient(service.settings.forwarding, connection)
        client_ip = self._about.client_ip(head)
        self._exchange = RuledExchange(supplies, self, client_ip, rules)
        self._exchange.tracer = self._steps.append

    @property
    def choice(self) -> Choice | None:
        """How its server was chosen, once all steps were made; None if none was."""
        return self._watching.choice

    def steps(self) -> Iterator[str]:
        """Everything that happens, in words."""
        head, connection = self._head, self.connection
        yield (
            f"{head.method.decode()} {head.target.decode('latin-1')} for "
            f"{head.host.decode('latin-1')} comes to service {self._service.name} from "
            f"{connection.peer_ip}{' over TLS' if connection.secure else ''}"
        )
        if self._exchange.client_ip != connection.peer_ip:
            yield f"the client is {self._exchange.client_ip}: a trusted proxy says so"
        self._running.start()
        try:
            self._exchange.begin(head, b"", True)
        finally:
            self._running.stop()
        yield from self._steps
        yield from self._errors
        yield from self._outcome()
        self._exchange.client_gone()

    def _outcome(self) -> Iterator[str]:
        exchange = self._exchange
        if self._sent:
            if self._watching.choice is not None:
                yield from _chosen(self._watching.choice, self._watching.by_rule)
            yield "the server would be sent:"
            for line in self._sent.decode("latin-1").split("\r\n"):
                if line:
                    yield f"    {line}"
        elif self._answer is not None:
            head, body = self._answer
            said = f"{exchange.termination or 'ours'}"
            yield f"no server is asked; the answer is {head.status} ({said}):"
            for name, value in head.headers:
                yield f"    {name.decode('latin-1')}: {value.decode('latin-1')}"
            if body:
                yield f"    and {len(body)} bytes of body"
        elif self._ended:
            yield "the connection is closed without an answer"
        else:
            yield "a rule waits for something that only the running program has: this is all"

    def _raised(self, asked: str, error: Exception) -> None:
        self._errors.append(f"a plugin was asked {asked} and raised {error!r}")

    # ---- the sides of the exchange (core.ports) ----

    def open(self, member: Member, asking: Asking, fresh: bool) -> None:
        """Nobody is dialled; it is as if the server had accepted."""
        asking.connected(_NoServer(self, member))

    def sent(self, head: bytes) -> None:
        """This would have been sent."""
        self._sent = head

    def request_bytes(self, head: RequestHead) -> bytes:
        """As the server would get it."""
        about = self._about
        return request_bytes(head, about.lines(head), about.replaced)

    def send_interim(self, head: ResponseHead) -> None:
        """No server says anything here."""

    def send_head(self, head: ResponseHead, data: bytes, ended: bool, close: bool) -> None:
        """An answer of our own."""
        self._answer = (head, data)

    def send_data(self, data: bytes) -> None:
        """It came whole."""

    def send_end(self, trailers: list[Field]) -> None:
        """Likewise."""

    def cut(self) -> None:
        """No answer."""
        self._ended = True

    def hold(self) -> None:
        """There is no body."""

    def go_on(self) -> None:
        """Likewise."""

    def switch(self, head: ResponseHead | None, upstream: UpstreamPort, data: bytes) -> None:
        """A CONNECT would become a tunnel."""
        self._sent = b"(a tunnel)"

    def done(self, completed: bool) -> None:
        """It is over."""
        self._ended = True


class _NoServer:
    """A connection to a server that is none (core.ports.UpstreamPort)."""

    reused = False

    def __init__(self, explanation: Explanation, member: Member) -> None:
        self._explanation = explanation
        self.member = member

    def send_request(
        self, head: bytes, method: bytes, body: bytes, length: int, ended: bool
    ) -> None:
        """Note it."""
        self._explanation.sent(head)

    def send_data(self, data: bytes) -> None:
        """There is no body."""

    def send_end(self, trailers: list[Field]) -> None:
        """Likewise."""

    def hold(self) -> None:
        """It says nothing."""

    def go_on(self) -> None:
        """Likewise."""

    def release(self, reusable: bool) -> None:
        """It is not there."""

    def abort(self) -> None:
        """Likewise."""

    def wait_for(self, holder: Any) -> None:
        """Likewise."""

    def suits(self, asking: Asking) -> bool:
        """Nobody has logged in."""
        return False

    def taken_by(self, asking: Asking) -> None:
        """Likewise."""

    def close(self) -> None:
        """Likewise."""


def _looked_at(pool: Pool) -> Pool:
    persistence = Looking(pool.persistence) if pool.persistence is not None else None
    looked_at = Pool(
        pool.name, pool.members, pool.scheduler, persistence, (), pool.settings, pool.pinning
    )
    looked_at.scheduling, looked_at.scheduling_goes_by = pool.scheduling, pool.scheduling_goes_by
    return looked_at


def _chosen(choice: Choice, by_rule: bool) -> Iterator[str]:
    """Why it is this server."""
    yield from choice.lines()
    if choice.how == PINNED:
        yield f"server {choice.server}, because of its pin"
    elif by_rule:
        yield f"server {choice.server}, which a rule has named"
    else:
        reason = f" ({choice.reason.removesuffix('.')})" if choice.reason else ""
        yield (
            f"server {choice.server}, chosen by the scheduler {choice.scheduler}{reason}, which "
            "begins anew here: the running program may be elsewhere in its turn"
        )
