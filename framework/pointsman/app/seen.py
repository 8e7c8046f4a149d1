"""What an operator sees of a running site: values that can be written as JSON as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DrainSeen:
    """What is left at a server that drains.

    Attributes:
        pins: clients that are pinned to it, None if nobody counts them.
        open: requests and tunnels under way.
        left: seconds until its drain time is over.
        empty_within: seconds after which nothing is left at the latest; None if that is up to
            those that are open.
        words: all of it in words.
    """

    pins: int | None
    open: int
    left: float
    empty_within: float | None
    words: str


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """One real server.

    Attributes:
        pool: its pool.
        name: unique there.
        place: where it is.
        state: one word (``core.server_states``).
        why: why it is in that state.
        since: when it came to it, seconds since the epoch; None if that was before the start.
        by_command: what an operator has set that the configuration says otherwise: words such as
            "draining" and "weight 1000 -> 500".
        takes_new: a client that belongs nowhere may be sent there.
        weight: its share of new work now.
        wanted_weight: the share that an operator or the configuration wants.
        priority: its priority group.
        active: exchanges and tunnels under way.
        tunnels: how many of these are tunnels.
        total: exchanges and tunnels ever begun.
        rate: of these, begun in a second.
        failures: attempts that failed to connect or broke off.
        max_connections: limit of ``active``, 0 for none.
        pins: clients that are pinned to it, None if nobody counts them.
        drain: what is left, None if it does not drain.
    """

    pool: str
    name: str
    place: str
    state: str
    why: str
    since: float | None
    by_command: Sequence[str]
    takes_new: bool
    weight: int
    wanted_weight: int
    priority: int
    active: int
    tunnels: int
    total: int
    rate: float
    failures: int
    max_connections: int
    pins: int | None
    drain: DrainSeen | None


@dataclass(frozen=True, slots=True)
class PoolSeen:
    """One pool.

    Attributes:
        name: as in the configuration.
        scheduling: the kind of its scheduler.
        persistence: the kinds of its persistence, the first one first.
        doubt: why its persistence seems to do little or nothing, "" if it seems fine.
        refused_pins: reason -> how many pins that clients showed were not believed.
        waiting: how many clients wait for room.
        servers: all of them, in the order of the configuration.
    """

    name: str
    scheduling: str
    persistence: Sequence[str]
    doubt: str
    refused_pins: Mapping[str, int]
    waiting: int
    servers: Sequence[ServerSeen]


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """The TLS of one service.

    Attributes:
        mode: in a few words.
        temporary: clients are shown a certificate that only stands in for a real one.
        handshakes: with clients, that came to their end.
        resumed: how many of them resumed a session.
        refused: connections closed because too many handshakes were under way.
        failures: reason -> how many handshakes of clients came to nothing by it.
        troubles: server -> what is wrong with its TLS now.
    """

    mode: str
    temporary: bool
    handshakes: int
    resumed: int
    refused: int
    failures: Mapping[str, int]
    troubles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rates:
    """What happened in a second, over the last ten or so.

    Attributes:
        connections: of clients that came.
        exchanges: exchanges and tunnels that ended.
        bytes_in: body bytes from clients.
        bytes_out: body bytes to clients.
    """

    connections: float = 0.0
    exchanges: float = 0.0
    bytes_in: float = 0.0
    bytes_out: float = 0.0


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """One virtual service.

    Attributes:
        name: as in the configuration.
        state: one word (``core.service_state``).
        why: why it is in that state.
        since: when it came to it, seconds since the epoch; None if that was before the start.
        mode: "http" or "tcp".
        listen: where, with real ports.
        pool: where its work goes.
        sorry: the pool that serves when no server is left, "" if there is none.
        tls: None if all is plain.
        connections: client connections open now.
        accepted: ever accepted.
        exchanges: exchanges and tunnels ever finished.
        classes: exchanges by hundreds of their status.
        bytes_in: body bytes from clients.
        bytes_out: body bytes to clients.
        rates: all of it in a second.
        leaving: it was removed, and its last clients are waited for.
        rules: what its rules count, by name.
    """

    name: str
    state: str
    why: str
    since: float | None
    mode: str
    listen: Sequence[str]
    pool: str
    sorry: str
    tls: TlsSeen | None
    connections: int
    accepted: int
    exchanges: int
    classes: Mapping[str, int]
    bytes_in: int
    bytes_out: int
    rates: Rates
    leaving: bool
    rules: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RemovedSeen:
    """A server that was removed, and still has work under way.

    Attributes:
        name: its name.
        place: where it is.
        active: exchanges and tunnels under way.
        left: seconds until they are cut.
    """

    name: str
    place: str
    active: int
    left: float


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """A running site.

    Attributes:
        version: of pointsman.
        pid: of the process.
        file: the configuration file that it runs by, "" if there is none.
        revision: number of the configuration in force; the first one is 1.
        began: when it was started, seconds since the epoch.
        now: when this was seen, likewise.
        warnings: what in its configuration is hardly meant.
        services: all of them, those that leave last.
        pools: all of them.
        removed: servers that are in none any more, and still have work under way.
    """

    version: str
    pid: int
    file: str
    revision: int
    began: float
    now: float
    warnings: Sequence[str]
    services: Sequence[ServiceSeen]
    pools: Sequence[PoolSeen]
    removed: Sequence[RemovedSeen]


@dataclass(frozen=True, slots=True)
class ServersChanged:
    """What became of a change of servers.

    Attributes:
        servers: those that were meant, as they are now.
        concerned: services that use their pools and are not up now.
    """

    servers: Sequence[ServerSeen]
    concerned: Sequence[ServiceSeen]
