"""An exchange between recorders: its sides note what they are told and object to nonsense."""

from __future__ import annotations

from collections.abc import Sequence

from kit.recorded_sides import (
    FACTS,
    RecordedClient,
    RecordedOpening,
    RecordedUpstream,
    RecordedUpstreams,
    request,
    response,
)
from pointsman.contracts import Arrival, Candidate, Persistence
from pointsman.core.exchange import Exchange
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.message import RequestHead
from pointsman.model.pool_settings import PoolSettings
from pointsman.model.record import ExchangeRecord
from pointsman.model.server import RealServer
from pointsman.model.service import Limits, ServiceSettings

__all__ = [
    "FACTS",
    "FirstOf",
    "RecordedClient",
    "RecordedOpening",
    "RecordedUpstream",
    "RecordedUpstreams",
    "Stage",
    "begun",
    "request",
    "response",
    "uploading",
]


class FirstOf:
    """A scheduler: the first candidate, always."""

    wants_first_byte = True

    def __init__(self) -> None:
        self.first_bytes: list[str] = []

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        return candidates[0]

    def keep(self, names: Sequence[str]) -> None: ...

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        self.first_bytes.append(candidate.name)


class Stage:
    """One exchange between recorders, with a pool of real members.

    Args:
        servers: how many members the pool has, named a, b, c ...
    """

    def __init__(
        self,
        servers: int = 2,
        *,
        persistence: Persistence | None = None,
        body_limit: int = 0,
        allow_connect: bool = False,
        max_attempts: int = 3,
        max_connections: int = 0,
        pool_settings: PoolSettings | None = None,
    ) -> None:
        self.members = [
            Member(RealServer(name, max_connections=max_connections))
            for name in "abcdefgh"[:servers]
        ]
        self.scheduler = FirstOf()
        self.pool = Pool("pool", self.members, self.scheduler, persistence, settings=pool_settings)
        settings = ServiceSettings(
            "service",
            (Address("127.0.0.1", 80),),
            limits=Limits(body=body_limit),
            allow_connect=allow_connect,
            max_attempts=max_attempts,
        )
        self.records: list[ExchangeRecord] = []
        self.service = VirtualService(settings, self.pool, finished=[self.records.append])
        self.upstreams = RecordedUpstreams()
        self.now = 100.0
        self.reports: list[tuple[str, Exception]] = []
        self.supplies = supplies = ExchangeSupplies(
            self.service,
            self.upstreams,
            lambda: self.now,
            lambda: 1e9,
            lambda: "id-1",
            lambda asked, error: self.reports.append((asked, error)),
        )
        self.client = RecordedClient()
        self.exchange = Exchange(supplies, self.client, FACTS.peer_ip)

    def asks_again(self, head: RequestHead) -> None:
        """The next request of the same client, when the exchange before is over."""
        self.check_it_is_over()
        bound, self.client = self.client.bound, RecordedClient()
        self.client.bound = bound
        self.records.clear()
        self.service.exchanges = 0
        self.exchange = Exchange(self.supplies, self.client, FACTS.peer_ip)
        self.asks(head)

    def asks(self, head: RequestHead, data: bytes = b"", *, ended: bool = True) -> None:
        """The client's request begins, and ends if all of it is there."""
        self.exchange.begin(head, data, ended)

    @property
    def upstream(self) -> RecordedUpstream:
        """The upstream connection made last."""
        return self.upstreams.made[-1]

    @property
    def record(self) -> ExchangeRecord:
        """The one record of the exchange."""
        (record,) = self.records
        return record

    def check_it_is_over(self) -> None:
        """What must be true at the end of every exchange, however it ended."""
        assert self.exchange.over
        assert self.client.is_done
        assert len(self.records) == self.service.exchanges == 1
        assert [member.active for member in self.members] == [0] * len(self.members)
        assert [member.tunnels for member in self.members] == [0] * len(self.members)
        assert all(upstream.end for upstream in self.upstreams.made)
        assert all(opening.end for opening in self.upstreams.openings)


def begun(method: bytes = b"GET", *, reused: bool = False, servers: int = 2) -> Stage:
    """A request that has reached the first server."""
    stage = Stage(servers)
    stage.asks(request(method))
    stage.upstreams.last.connects(reused=reused)
    return stage


def uploading(length: int = 100, data: bytes = b"begin") -> Stage:
    """A request whose body is on its way to the first server."""
    stage = Stage()
    stage.asks(request(b"PUT", length), data, ended=False)
    stage.upstreams.last.connects()
    return stage
