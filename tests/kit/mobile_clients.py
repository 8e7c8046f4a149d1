"""Clients that come and go for an hour, and servers that know only the sessions they have begun.

An hour passes on a clock of its own, at one balancer or at several between which the clients roam.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Protocol

from kit.recorders import FACTS, RecordedClient, RecordedUpstreams
from pointsman.contracts import Arrival, Persistence
from pointsman.core.exchange import Exchange
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.cookies import cookie_of, read_set_cookie
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.record import ExchangeRecord
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings

HOUR, MINUTE = 3600.0, 60.0
CLIENTS = 200
BEGIN = 1_700_000_000.0
SESSION = 20 * MINUTE
NAMES = ("a", "b")


class InTurn:
    """A scheduler that would send nobody to the same server twice."""

    wants_first_byte = False

    def __init__(self) -> None:
        self.turn = 0

    def pick(self, arrival: Arrival, candidates: tuple[Member, ...]) -> Member:
        self.turn += 1
        return candidates[self.turn % len(candidates)]

    def keep(self, names: object) -> None: ...

    def first_byte(self, candidate: Member, seconds: float) -> None: ...


class StatefulServer:
    """Answers 404 to sessions that it does not know, and forgets those that are not used."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sessions: dict[bytes, float] = {}

    def answers(self, request: RequestHead, now: float) -> ResponseHead:
        session = cookie_of(request, b"sid")
        if session is None:
            session = b"%b-%d" % (self.name.encode(), len(self.sessions))
            self.sessions[session] = now
            # As logins answer: the client is to come back, and does so at once.
            return ResponseHead(
                302, wire=b"Location: /\r\nSet-Cookie: sid=%b; Path=/\r\n" % session
            )
        if now - self.sessions.get(session, -SESSION) >= SESSION:
            return ResponseHead(404)
        self.sessions[session] = now
        return ResponseHead(200, wire=b"Cache-Control: public\r\n")


class Phone(RecordedClient):
    """The client's side of one connection."""

    def __init__(self, ip: str) -> None:
        super().__init__()
        self.connection = FACTS._replace(peer_ip=ip)
        self.answer: ResponseHead | None = None

    def send_head(self, head: ResponseHead, data: bytes, ended: bool, close: bool) -> None:
        self.answer = head
        super().send_head(head, data, ended, close)


class Balances(Protocol):
    """Takes a request to a server and its answer back."""

    def sends(self, now: float, ip: str, request: RequestHead) -> str:
        """Name of the server that is to answer."""

    def answered(self, head: ResponseHead) -> ResponseHead:
        """What the client gets when that has answered so."""


class Balancer:
    """One that works in this process.

    Args:
        make: its persistence.
        now: what its clock begins with.

    Attributes:
        now: its clock, which each request sets.
    """

    def __init__(self, make: Callable[[Balancer], Persistence], now: float = 0.0) -> None:
        self.now = now
        self.make = make
        self.members = [Member(RealServer(name)) for name in NAMES]
        self.records: list[ExchangeRecord] = []
        self.restart()

    def restart(self) -> None:
        """Begin anew; servers and clients do not notice."""
        self.persistence = self.make(self)
        self.persistence.keep([member.server for member in self.members])
        self.pool = Pool("pool", self.members, InTurn(), self.persistence)  # type: ignore[arg-type]
        settings = ServiceSettings("service", (Address("127.0.0.1", 80),))
        service = VirtualService(settings, self.pool, finished=[self.records.append])
        self.upstreams = RecordedUpstreams()
        self.supplies = ExchangeSupplies(
            service, self.upstreams, lambda: self.now, lambda: BEGIN + self.now, lambda: "id"
        )

    def sends(self, now: float, ip: str, request: RequestHead) -> str:
        self.now = now
        self._phone = Phone(ip)
        Exchange(self.supplies, self._phone, ip).begin(request, b"", True)
        self._upstream = self.upstreams.last.connects()
        return self._upstream.member.name

    def answered(self, head: ResponseHead) -> ResponseHead:
        self._upstream.asking.response_began(head, b"", True)
        assert self._phone.answer is not None
        return self._phone.answer


Roams = Callable[["Hour", int], Balances]


class Hour:
    """Servers, clients, and a clock that goes as they do.

    Args:
        balancers: where clients may come; at which one, each connection decides by lot.

    Attributes:
        statuses: how many answers of each.
        unknown: when a client met a server that did not know it, and what it sent.
        roams: chooses the balancer for a connection of a client.
        begins: the second at which a client comes for the first time.
        closes: each request comes by a connection of its own, and so to any balancer.
    """

    def __init__(self, balancers: Sequence[Balances]) -> None:
        self.now = 0.0
        self.random = Random(7)
        self.balancers = list(balancers)
        self.servers: Mapping[str, StatefulServer] = {name: StatefulServer(name) for name in NAMES}
        self.jars: list[dict[bytes, bytes]] = [{} for _ in range(CLIENTS)]
        self.statuses: Counter[int] = Counter()
        self.unknown: list[str] = []
        self.roams: Roams = lambda hour, who: hour.random.choice(hour.balancers)
        self.closes = False
        self.begins: Callable[[int], float] = lambda who: self.random.uniform(0.0, MINUTE)

    def visits(self, who: int) -> None:
        """A client opens a connection from wherever it is now, asks some times and closes it."""
        ip = f"198.51.{self.random.randrange(256)}.{self.random.randrange(256)}"
        balancer = self.roams(self, who)
        for _ in range(self.random.randint(1, 4)):
            self.now += 0.01
            if self.closes:
                balancer = self.roams(self, who)
            self.asks(balancer, self.jars[who], ip)

    def asks(self, balancer: Balances, jar: dict[bytes, bytes], ip: str) -> None:
        """One request and its answer."""
        cookies = b"; ".join(b"%b=%b" % pair for pair in jar.items())
        wire = b"Host: example.org\r\n" + (b"Cookie: %b\r\n" % cookies if cookies else b"")
        request = RequestHead(b"GET", b"/", host=b"example.org", wire=wire)
        server = self.servers[balancer.sends(self.now, ip, request)]
        answer = balancer.answered(server.answers(request, self.now))
        self.statuses[answer.status] += 1
        if answer.status == 404:
            self.unknown.append(f"{self.now:.2f}: {cookies.decode()}")
        for line in answer.headers.get_all(b"set-cookie"):
            cookie = read_set_cookie(line, BEGIN + self.now)
            assert cookie is not None
            jar[cookie.name] = cookie.value

    def passes(self, events: Mapping[float, Callable[[], None]], length: float = HOUR) -> None:
        """All that happens in an hour; nobody stays away for as long as a session lasts."""
        due = [(self.begins(who), who) for who in range(CLIENTS)]
        heapq.heapify(due)
        waiting = sorted(events)
        while due[0][0] < length:
            now, who = heapq.heappop(due)
            while waiting and waiting[0] <= now:
                events[waiting.pop(0)]()
            self.now = max(self.now, now)
            self.visits(who)
            heapq.heappush(due, (now + self.random.uniform(5.0, SESSION - MINUTE), who))
        assert not waiting, "the hour was too short"

    def check(self, least: int = 2000) -> None:
        """See that nobody met a server that does not know it, and that there was much to see."""
        assert self.unknown == []
        assert self.statuses[302] == CLIENTS
        assert self.statuses.total() > least
        assert all(len(server.sessions) > CLIENTS // 5 for server in self.servers.values())
