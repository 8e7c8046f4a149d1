"""The settings of a virtual service as the data plane needs them: frozen, decided at load."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from pointsman.model.address import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in seconds, resolution one second (they ride a coarse wheel); 0 switches one off.

    Attributes:
        header: from the first byte of a request head to its end (408 when over).
        body: between two reads of a request body (408).
        idle: between two requests of a client connection (closed in silence).
        connect: to reach a real server (next server, else 504).
        response: from the request to the first byte of the response (504).
        stream: between two reads of a response body (the response is cut).
        tunnel: without a byte in either direction (tcp mode, and after 101).
        upstream_idle: an unused connection to a server is kept this long.
        drain: how long open work may go on once we are asked to stop.
    """

    header: float = 10.0
    body: float = 30.0
    idle: float = 60.0
    connect: float = 4.0
    response: float = 60.0
    stream: float = 60.0
    tunnel: float = 660.0
    upstream_idle: float = 30.0
    drain: float = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes; 0 means no limit.

    Attributes:
        request_line: method, target and version with their CRLF (414 when over).
        header_bytes: the whole request head (431).
        header_count: header fields of a request (431).
        body: request body (413).
        connections: open client connections of the service (503, or closed in tcp mode).
        response_header_bytes: the whole response head of a server (502).
        upstream_idle: unused connections kept per server.
    """

    request_line: int = 8192
    header_bytes: int = 65536
    header_count: int = 128
    body: int = 0
    connections: int = 0
    response_header_bytes: int = 131072
    upstream_idle: int = 64


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Which headers tell the real server about the client.

    Attributes:
        x_forwarded: send X-Forwarded-For, -Proto, -Host and -Port.
        forwarded: send Forwarded (RFC 7239).
        via: pseudonym in Via (RFC 9110 section 7.6.3), b"" sends none.
        trusted: peers whose own X-Forwarded-* and Forwarded are believed and appended to; what
            anybody else sends is replaced.
    """

    x_forwarded: bool = True
    forwarded: bool = False
    via: bytes = b"pointsman"
    trusted: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Retries:
    """Requests that are sent once more, to another server. Connecting anew is not counted.

    Attributes:
        statuses: answers of 500..599 in whose place another server is asked, where that is safe.
        budget: share of the requests that may be sent again after they were sent once.
        least: so many in ten seconds are allowed in any case.
    """

    statuses: frozenset[int] = frozenset()
    budget: float = 0.2
    least: int = 10


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything about a virtual service but its pool.

    Attributes:
        name: as written in the configuration.
        listen: the addresses it listens on, at least one.
        mode: "http" or "tcp".
        backlog: length of the kernel's accept queue.
        allow_connect: tunnel CONNECT requests to the pool's servers instead of refusing (405).
        max_attempts: servers tried for one exchange, at least 1.
        enabled: it takes clients; otherwise each is closed at once.
        retries: requests that are sent once more.
    """

    name: str
    listen: tuple[Address, ...]
    mode: str = "http"
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)
    forwarding: Forwarding = field(default_factory=Forwarding)
    backlog: int = 4096
    allow_connect: bool = False
    max_attempts: int = 3
    enabled: bool = True
    retries: Retries = field(default_factory=Retries)


@dataclass(frozen=True, slots=True)
class HealthTiming:
    """When a server is probed and how often it may be silent (DESIGN 5.4).

    Attributes:
        interval: seconds between the starts of two cycles, at least timeout x retries.
        timeout: seconds for one attempt, connecting included.
        retries: further attempts in the same cycle when an attempt met silence.
        rise: good cycles in a row until a server that is down is up.
        fall: bad cycles in a row until a server that is up is down.
        interval_down: interval while down, 0.0 for the same.
        jitter: each cycle but the first begins up to this much later, at random.
    """

    interval: float = 9.0
    timeout: float = 4.0
    retries: int = 2
    rise: int = 1
    fall: int = 1
    interval_down: float = 0.0
    jitter: float = 0.0
