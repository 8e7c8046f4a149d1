"""What rules see in the lab: exchanges, connections, pools and a room that are played."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.task import Clock

from pointsman.contracts.rules import (
    FROM_UPSTREAM,
    BodyFilter,
    RuledConnection,
    RuledExchange,
    RuledPool,
    RuledServer,
    RuleRoom,
)
from pointsman.contracts.tls import TlsFacts
from pointsman.model.address import Address
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import UpstreamError
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer

CONNECTION = ConnectionFacts("192.0.2.1", 50000, "198.51.100.1", 80)
# The world of the lab begins here, unless a scenario says otherwise: 2026-01-01 00:00 UTC.
EPOCH = 1767225600.0
_ids = itertools.count(1)


class LabServer(RuledServer):
    """A server of a played pool."""

    def __init__(self, name: str, address: str, weight: int = 1000, state: str = "up") -> None:
        self._server = RealServer(name, Address.parse(address), weight)
        self._weight = weight
        self._state = state

    @property
    def name(self) -> str:
        """Its name."""
        return self._server.name

    @property
    def weight(self) -> int:
        """Its share."""
        return self._weight

    @property
    def active(self) -> int:
        """Nothing is under way in the lab."""
        return 0

    @property
    def tunnels(self) -> int:
        """Likewise."""
        return 0

    @property
    def server(self) -> RealServer:
        """Its identity."""
        return self._server

    @property
    def state(self) -> str:
        """As the scenario says, or a rule."""
        return self._state

    @property
    def takes_new(self) -> bool:
        """Whether new clients may be sent there."""
        return self._state == "up" and self._weight > 0

    def set_weight(self, weight: int) -> None:
        """A rule changes it."""
        if not 0 <= weight <= 65535:
            raise ValueError(f"a weight is 0..65535, got {weight}")
        self._weight = weight

    def set_admin(self, state: str) -> None:
        """A rule takes it in or out."""
        self._state = "up" if state == "enabled" else state


class LabPool(RuledPool):
    """A played pool."""

    def __init__(self, name: str, servers: Sequence[LabServer]) -> None:
        self._name = name
        self._servers = tuple(servers)

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def members(self) -> Sequence[LabServer]:
        """All servers."""
        return self._servers

    @property
    def available(self) -> Sequence[LabServer]:
        """Those that take new clients."""
        return tuple(one for one in self._servers if one.takes_new)

    def member(self, name: str) -> LabServer | None:
        """The one of that name."""
        return next((one for one in self._servers if one.name == name), None)


class LabRoom(RuleRoom):
    """A room with a clock that stands still until it is moved."""

    def __init__(
        self, pools: Mapping[str, LabPool], epoch: float = EPOCH, service: str = "lab"
    ) -> None:
        self._clock = Clock()
        self._epoch = epoch
        self._pools = pools
        self._service = service
        self.changes = 0

    @property
    def service(self) -> str:
        """Name of the service."""
        return self._service

    @property
    def reactor(self) -> Any:
        """The clock."""
        return self._clock

    @property
    def pools(self) -> Mapping[str, RuledPool]:
        """As the scenario says."""
        return self._pools

    def clock(self) -> float:
        """Seconds since the beginning."""
        return self._clock.seconds()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._epoch + self._clock.seconds()

    def changed(self) -> None:
        """The events of a book have changed."""
        self.changes += 1


class LabConnection(RuledConnection):
    """A played connection of a client."""

    def __init__(
        self, connection: ConnectionFacts = CONNECTION, tls: TlsFacts | None = None
    ) -> None:
        self._connection = connection
        self._tls = tls
        self._memory: dict[object, object] = {}

    @property
    def service(self) -> str:
        """Name of the service."""
        return "lab"

    @property
    def client_ip(self) -> str:
        """The client's address."""
        return self._connection.peer_ip

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts."""
        return self._connection

    @property
    def tls(self) -> TlsFacts | None:
        """What its handshake told."""
        return self._tls

    @property
    def memory(self) -> dict[object, object]:
        """What is remembered while it is open."""
        return self._memory


class LabExchange(RuledExchange):
    """A played exchange: a request, and what the scenario lets happen to it."""

    def __init__(
        self,
        request: RequestHead,
        connection: ConnectionFacts = CONNECTION,
        tls: TlsFacts | None = None,
    ) -> None:
        self.kept: object = None
        self._request = request
        self._connection = connection
        self._tls = tls
        self._id = f"lab-{next(_ids)}"
        self._notes: dict[object, object] = {}
        self._log_fields: dict[str, str] = {}
        self._memory: dict[object, object] = {}
        self.sent: RequestHead | None = None
        self.came: ResponseHead | None = None
        self.whose = FROM_UPSTREAM
        self.to_pool = "web"
        self.to_server = ""
        self.tries = 0
        self.problem: UpstreamError | None = None
        self.retryable = True
        self.ended = ""
        self.request_filters: list[BodyFilter] = []
        self.response_filters: list[BodyFilter] = []
        self.traced: list[str] = []
        self.started = 0.0
        self.received = (0, 0)

    @property
    def client_ip(self) -> str:
        """The client's address."""
        return self._connection.peer_ip

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts of its connection."""
        return self._connection

    @property
    def request(self) -> RequestHead:
        """The head, as rules have changed it."""
        return self._request

    @property
    def memory(self) -> dict[object, object]:
        """What is remembered while the connection is open."""
        return self._memory

    @property
    def service(self) -> str:
        """Name of the service."""
        return "lab"

    @property
    def request_id(self) -> str:
        """Its id."""
        return self._id

    @property
    def tls(self) -> TlsFacts | None:
        """What the handshake told."""
        return self._tls

    @property
    def outgoing(self) -> RequestHead | None:
        """The copy for the server."""
        return self.sent

    @property
    def answer(self) -> ResponseHead | None:
        """The head of the answer."""
        return self.came

    @property
    def source(self) -> str:
        """Whose answer that is."""
        return self.whose if self.came is not None else ""

    @property
    def pool(self) -> str:
        """Where it goes."""
        return self.to_pool

    @property
    def server(self) -> str:
        """Who has it."""
        return self.to_server

    @property
    def pin(self) -> str:
        """There are no pins in the lab."""
        return "none" if self.to_server else ""

    @property
    def attempts(self) -> int:
        """How many servers were tried."""
        return self.tries

    @property
    def failure(self) -> UpstreamError | None:
        """Why the last attempt failed."""
        return self.problem

    @property
    def may_retry(self) -> bool:
        """As the scenario says."""
        return self.retryable

    @property
    def status(self) -> int:
        """Of the answer."""
        return self.came.status if self.came is not None else 0

    @property
    def termination(self) -> str:
        """How it ended."""
        return self.ended

    @property
    def timings(self) -> tuple[float, float, float]:
        """All the same in the lab."""
        return 0.001, 0.01, 0.02

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of its bodies."""
        return self.received

    @property
    def notes(self) -> dict[object, object]:
        """For rulebooks."""
        return self._notes

    @property
    def log_fields(self) -> dict[str, str]:
        """Further fields of the access log."""
        return self._log_fields

    @property
    def tracing(self) -> bool:
        """The lab always wants to know."""
        return True

    def trace(self, words: str) -> None:
        """A rule tells why."""
        self.traced.append(words)

    def filter_request(self, one: BodyFilter) -> None:
        """A filter for the body of the request."""
        self.request_filters.append(one)

    def filter_response(self, one: BodyFilter) -> None:
        """A filter for the body of the answer."""
        self.response_filters.append(one)
