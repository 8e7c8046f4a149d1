"""Rules: a rulebook has a say at each event of the traffic of one virtual service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pointsman.contracts.scheduling import Arrival, Candidate
from pointsman.contracts.tls import TlsFacts
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Answer, Decision, Pending
from pointsman.model.errors import UpstreamError
from pointsman.model.message import RequestHead, ResponseHead

# Whose answer it is (``RuledExchange.source``).
FROM_UPSTREAM: Final = "upstream"
FROM_RULE: Final = "rule"
FROM_PROXY: Final = "proxy"

# What becomes of a body with Content-Encoding (``BodyFilter.coding``).
DECODE: Final = "decode"  # it is decoded first; what nobody here can decode is left alone
SKIP: Final = "skip"  # it is left alone
RAW: Final = "raw"  # the filter is given it as it is

# What becomes of a body that is larger than a filter takes whole (``BodyFilter.large``).
REFUSE_LARGE: Final = "refuse"  # 413 for a request, 502 for a response
PASS_LARGE: Final = "pass"  # it passes, and the filter does not see it


class BodyFilter(Protocol):
    """Sees the body of one request or response, and gives back what goes on instead.

    Derive from it: only ``feed`` is yours to write. One object serves one body.

    Attributes:
        most: bytes of the whole body that it takes at once; 0 for pieces as they come.
        large: for whole bodies that are larger: REFUSE_LARGE or PASS_LARGE.
        coding: DECODE, SKIP or RAW.
    """

    most: int = 0
    large: str = REFUSE_LARGE
    coding: str = DECODE

    def feed(self, data: bytes, last: bool) -> bytes | Decision | Pending:
        """More of the body, or all of it; ``data`` is empty only if it is the last.

        Returns:
            What goes on in its place, b"" for nothing yet; or a decision, which is done as long as
            nothing was sent to the client (later on the answer is cut); or a ``Pending``, to be
            decided by one of these. Until then nothing else is fed to it.
        """


class Choosing(Arrival, Protocol):
    """An exchange, or a connection in tcp mode, for which a server is about to be chosen."""

    @property
    def pool(self) -> str:
        """Name of the pool it goes to."""

    @property
    def notes(self) -> dict[object, object]:
        """For rulebooks to tell themselves and each other; made when it is first asked for."""

    @property
    def log_fields(self) -> dict[str, str]:
        """Further fields of the access log; made when it is first asked for."""


class RuledExchange(Choosing, Protocol):
    """An exchange as rulebooks see it. Only ``request``, ``outgoing`` and ``answer`` are changed.

    ``request`` is changed at the event ``request``, for routing, pins, logs and the server alike;
    ``outgoing`` at ``upstream_request``, for this attempt only; ``answer`` at ``response``.
    """

    @property
    def service(self) -> str:
        """Name of the virtual service."""

    @property
    def request_id(self) -> str:
        """Unique id, the one of the access log."""

    @property
    def tls(self) -> TlsFacts | None:
        """What the client's handshake told; None without TLS."""

    @property
    def outgoing(self) -> RequestHead | None:
        """The copy for the server, from ``upstream_request`` on."""

    @property
    def answer(self) -> ResponseHead | None:
        """The head of the answer, from ``response`` on."""

    @property
    def source(self) -> str:
        """Whose answer that is: FROM_UPSTREAM, FROM_RULE or FROM_PROXY; "" before."""

    @property
    def server(self) -> str:
        """Name of the server that has it now, or had it last; "" before one was chosen."""

    @property
    def pin(self) -> str:
        """How that was chosen: "pinned", "new", "none" (no persistence) or "rule"; "" before."""

    @property
    def attempts(self) -> int:
        """How many servers were tried."""

    @property
    def failure(self) -> UpstreamError | None:
        """Why the last attempt failed, None if none has."""

    @property
    def may_retry(self) -> bool:
        """Whether a ``Retry`` would be done now without being ``unsafe``."""

    @property
    def status(self) -> int:
        """Of the answer that is sent or was sent, 0 before."""

    @property
    def termination(self) -> str:
        """How it ended, a word of ``model.record``; "" before."""

    @property
    def timings(self) -> tuple[float, float, float]:
        """Seconds: to connect, to the first byte of the answer, since it began; -1.0 for never."""

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of body from the client and to it."""

    @property
    def tracing(self) -> bool:
        """Whether somebody wants to know the reasons: see ``trace``."""

    def trace(self, words: str) -> None:
        """Tell why something was decided, for ``pointsman explain``; nothing else happens."""

    def filter_request(self, one: BodyFilter) -> None:
        """Lead the body of the request through a filter, after those before it.

        Until ``request`` is over; a request without a body has no use for it. As long as a filter
        waits for the whole body, no server is chosen.
        """

    def filter_response(self, one: BodyFilter) -> None:
        """Lead the body of the answer through a filter, after those before it.

        Until ``response`` is over. HEAD, 204, 206 and 304 have none that could be changed.
        """


class RuledConnection(Protocol):
    """A client connection as rulebooks see it."""

    @property
    def service(self) -> str:
        """Name of the virtual service."""

    @property
    def client_ip(self) -> str:
        """The client's address as text."""

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts, from ``client_hello`` on with server name and protocols."""

    @property
    def tls(self) -> TlsFacts | None:
        """What the handshake told, from ``tls`` on; None without TLS."""

    @property
    def memory(self) -> dict[object, object]:
        """What is to be remembered while it is open, for plugins and rulebooks alike."""


Ruled = Callable[[RuledExchange], Answer]
# Told which server was chosen ("" for none), the word for how, and whether a rule has named it.
Chosen = Callable[[str, str, bool], None]
RuledAtConnection = Callable[[RuledConnection], Answer]


@dataclass(frozen=True, slots=True)
class RuleEvents:
    """Whom a rulebook wants to be asked, and when; None costs nothing.

    In the order in which traffic meets them. What may wait returns a ``Pending``. What is raised
    costs that exchange (500) or connection (closed) and is logged with the name of the service.

    Attributes:
        connection: accepted. Forward (a pool for all of it), Close.
        client_hello: TLS that passes through has said what it wants. Forward, Close.
        tls: the client's handshake is done. Forward, Close.
        data: tcp mode, before a server is chosen: what the client has said, and whether it may
            say more. Forward, Replace, More, Close. A client that says nothing is closed after
            ``timeouts.header``, so it must only be wanted where clients speak first; and not
            where TLS passes through, which has ``client_hello``.
        request: a request head was read. Respond, Refuse, Forward, Close.
        choosing: a server is about to be chosen, at each attempt and in both modes; the pool is
            settled. Only looks; what it returns is told what came out.
        select: there is no pin; the candidates. The name of one of them or None for the scheduler's
            choice; Respond, Refuse. Must not wait.
        selected: a server was chosen, before it is connected. Retry, Forward, Respond, Refuse.
        connect_failed: it cannot be reached (``failure``). Retry, Forward, Respond, Refuse.
        upstream_request: just before ``outgoing`` is sent, at each attempt. Respond, Refuse.
        response: the head of the answer, whosesoever (``source``). Retry, Respond, Refuse, Close.
            Not asked for 1xx, nor again for an answer that is decided here.
        error: we make an error page, which is ``answer``. Respond, Close.
        log: it is over. Only looks, and fills ``log_fields``.
        close: the client's connection is closed. Only looks.
        server_state: pool, server, the state it had and the one it has now: "up", "down",
            and others of ``core.server_states``. Only looks.
    """

    connection: RuledAtConnection | None = None
    client_hello: RuledAtConnection | None = None
    tls: RuledAtConnection | None = None
    data: Callable[[RuledConnection, bytes, bool], Answer] | None = None
    request: Ruled | None = None
    choosing: Callable[[Choosing], Chosen | None] | None = None
    select: Callable[[RuledExchange, Sequence[Candidate]], str | Decision | None] | None = None
    selected: Ruled | None = None
    connect_failed: Ruled | None = None
    upstream_request: Ruled | None = None
    response: Ruled | None = None
    error: Ruled | None = None
    log: Callable[[RuledExchange], None] | None = None
    close: Callable[[RuledConnection], None] | None = None
    server_state: Callable[[str, str, str, str], None] | None = None


class RuledServer(Candidate, Protocol):
    """A member of a pool as rulebooks see it and may change it."""

    @property
    def state(self) -> str:
        """One word: up, down, checking, draining, disabled, maintenance, over-limit ..."""

    @property
    def takes_new(self) -> bool:
        """Whether a client that belongs nowhere may be sent there."""

    def set_weight(self, weight: int) -> None:
        """Change the share of new work, 0..65535; 0 takes none."""

    def set_admin(self, state: str) -> None:
        """Take it in ("enabled") or out ("draining", "disabled", "maintenance")."""


class RuledPool(Protocol):
    """A pool as rulebooks see it."""

    @property
    def name(self) -> str:
        """As written in the configuration."""

    @property
    def members(self) -> Sequence[RuledServer]:
        """All of them, in the order of the configuration."""

    @property
    def available(self) -> Sequence[RuledServer]:
        """Those that may take new work now."""

    def member(self, name: str) -> RuledServer | None:
        """The one of that name."""


class RuleRoom(Protocol):
    """What a rulebook works in, once its service runs."""

    @property
    def service(self) -> str:
        """Name of the virtual service."""

    @property
    def reactor(self) -> Any:
        """Twisted's, for timers: offers IReactorTime."""

    @property
    def pools(self) -> Mapping[str, RuledPool]:
        """All pools of the configuration, by name."""

    def clock(self) -> float:
        """Monotonic seconds."""

    def wall(self) -> float:
        """Seconds since the epoch."""

    def changed(self) -> None:
        """``events`` of the rulebook are others now; exchanges under way keep the old ones."""


class Rulebook(Protocol):
    """The rules of one virtual service, or a part of them that keeps its place among the others.

    Derive from it: only ``events`` and ``describes`` are yours to set. With each reload rulebooks
    are made anew. One at work that ``stays`` goes on, and what was made in its place is thrown away
    without a start; else the new one takes over, and the old one is stopped.

    Attributes:
        events: what it wants to be asked; read at load, and after each ``RuleRoom.changed``.
        describes: it in a few words, such as "rewrite_location.lua".
        warnings: what works but is hardly meant, one sentence each.
    """

    events: RuleEvents
    describes: str
    warnings: Sequence[str] = ()

    @property
    def counts(self) -> Mapping[str, float]:
        """What it counts, for people: a name, or ``name{label="value"}``, and its number."""
        return {}

    def stays(self, made: Rulebook) -> bool:
        """Whether ``made``, which a reload has made for the same service, would do the very same.

        Then this one goes on with all that it remembers. Only looks. By default if they are equal.
        """
        return self == made

    def keep(self, made: Rulebook) -> None:
        """It stays: take from ``made`` what is new around it, such as its sections. Cannot fail."""
        return None

    def take_over(self, before: Sequence[Rulebook]) -> None:
        """On a reload, before the start: these were at work, and not all of them stay.

        Take from one that this one replaces what may stay, such as counters. Cannot fail: the
        others may be of any kind, and work under way still asks them.
        """
        return None

    def start(self, room: RuleRoom) -> None:
        """The service runs: timers may begin. Nothing was asked before."""
        return None

    def stop(self) -> None:
        """The service ends or has new rulebooks: no more timers; work under way may still ask."""
        return None
