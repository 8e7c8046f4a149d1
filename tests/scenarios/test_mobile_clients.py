"""Two hundred clients that come and go for an hour: none meets a server that does not know it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from kit.recorders import FACTS, RecordedClient, RecordedUpstreams
from pointsman.contracts import Arrival, Persistence, Table
from pointsman.core.exchange import Exchange
from pointsman.core.members import Member
from pointsman.core.persistence_chain import Chain
from pointsman.core.pool import Pool
from pointsman.core.server_states import DRAINING, ENABLED
from pointsman.core.supplies import ExchangeSupplies
from pointsman.core.virtual_service import VirtualService
from pointsman.model.address import Address
from pointsman.model.cookies import cookie_of, read_set_cookie
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.record import ExchangeRecord
from pointsman.model.server import RealServer
from pointsman.model.service import ServiceSettings
from pointsman_persistence.active_cookie import ActiveCookie
from pointsman_persistence.inserted import Inserted
from pointsman_persistence.lmdb_file import opened
from pointsman_persistence.lmdb_table import LmdbTable
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.server_cookie import ServerCookie
from pointsman_persistence.source_ip import SourceIP
from pointsman_persistence.tokens import Tokens

HOUR, MINUTE = 3600.0, 60.0
CLIENTS = 200
BEGIN = 1_700_000_000.0
SESSION = 20 * MINUTE
Made = Callable[["Hour"], Persistence]


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


class Hour:
    """The site, its clients, and a clock that a test moves."""

    def __init__(self, make: Made) -> None:
        self.now = 0.0
        self.random = Random(7)
        self.servers = {name: StatefulServer(name) for name in ("a", "b")}
        self.members = [Member(RealServer(name)) for name in self.servers]
        self.make = make
        self.jars: list[dict[bytes, bytes]] = [{} for _ in range(CLIENTS)]
        self.statuses: list[int] = []
        self.records: list[ExchangeRecord] = []
        self.restart()

    def restart(self) -> None:
        """The balancer begins anew; servers and clients do not notice."""
        self.persistence = self.make(self)
        self.persistence.keep([member.server for member in self.members])
        pool = Pool("pool", self.members, InTurn(), self.persistence)  # type: ignore[arg-type]
        settings = ServiceSettings("service", (Address("127.0.0.1", 80),))
        self.service = VirtualService(settings, pool, finished=[self.records.append])
        self.upstreams = RecordedUpstreams()
        self.supplies = ExchangeSupplies(
            self.service, self.upstreams, lambda: self.now, lambda: BEGIN + self.now, lambda: "id"
        )

    def visits(self, who: int) -> None:
        """A client opens a connection from wherever it is now, asks some times and closes it."""
        ip = f"198.51.{self.random.randrange(256)}.{self.random.randrange(256)}"
        for _ in range(self.random.randint(1, 4)):
            self.now += 0.01
            self.asks(self.jars[who], ip)

    def asks(self, jar: dict[bytes, bytes], ip: str) -> None:
        cookies = b"; ".join(b"%b=%b" % pair for pair in jar.items())
        wire = b"Host: example.org\r\n" + (b"Cookie: %b\r\n" % cookies if cookies else b"")
        request = RequestHead(b"GET", b"/", host=b"example.org", wire=wire)
        phone = Phone(ip)
        Exchange(self.supplies, phone, ip).begin(request, b"", True)
        upstream = self.upstreams.last.connects()
        server = self.servers[upstream.member.name]
        upstream.asking.response_began(server.answers(request, self.now), b"", True)
        assert phone.answer is not None
        self.statuses.append(phone.answer.status)
        for line in phone.answer.headers.get_all(b"set-cookie"):
            cookie = read_set_cookie(line, BEGIN + self.now)
            assert cookie is not None
            jar[cookie.name] = cookie.value

    def passes(self, events: dict[float, Callable[[], None]]) -> None:
        """All that happens in an hour; nobody stays away for as long as a session lasts."""
        due: list[tuple[float, int]] = [(self.random.uniform(0, 60), who) for who in range(CLIENTS)]
        heapq.heapify(due)
        waiting = sorted(events)
        while due[0][0] < HOUR:
            now, who = heapq.heappop(due)
            while waiting and waiting[0] <= now:
                events[waiting.pop(0)]()
            self.now = max(self.now, now)
            self.visits(who)
            heapq.heappush(due, (now + self.random.uniform(5.0, SESSION - MINUTE), who))


def server_cookie(hour: Hour) -> Persistence:
    return ServerCookie(MemoryTable(10_000, SESSION), b"sid", wall=lambda: BEGIN + hour.now)


def with_fallback(hour: Hour) -> Persistence:
    return Chain(server_cookie(hour), SourceIP(MemoryTable(10_000, SESSION)))


def active_cookie(hour: Hour) -> Persistence:
    tokens = Tokens(b"s" * 32, "pool", rotate=24 * HOUR)
    inserted = Inserted(b"pin", strip=True)
    return ActiveCookie(tokens, inserted, SESSION, wall=lambda: BEGIN + hour.now)


def lasting(folder: Path) -> Made:
    """Server cookies in a file that is still there after a restart."""
    tables: list[Table] = []

    def make(hour: Hour) -> Persistence:
        for table in tables:
            table.close()
        tables[:] = [
            LmdbTable(
                folder, "pool", 10_000, SESSION, None,
                lambda where: opened(where, lambda: hour.now, lambda: BEGIN + hour.now, "boot"),
            )
        ]  # fmt: skip
        tables[0].start(None)
        return ServerCookie(tables[0], b"sid", wall=lambda: BEGIN + hour.now)

    return make


def check(hour: Hour) -> None:
    assert hour.statuses.count(404) == 0
    assert hour.statuses.count(302) == CLIENTS
    assert len(hour.statuses) > 2000
    assert len(hour.records) == len(hour.statuses)
    assert all(len(server.sessions) > CLIENTS // 5 for server in hour.servers.values())
    assert [member.active for member in hour.members] == [0, 0]


@pytest.mark.parametrize("make", [server_cookie, with_fallback, active_cookie])
def test_nobody_meets_a_server_that_does_not_know_it(make: Made) -> None:
    hour = Hour(make)
    hour.passes({})
    check(hour)


@pytest.mark.parametrize("make", [server_cookie, with_fallback, active_cookie])
def test_not_even_while_a_server_is_drained(make: Made) -> None:
    hour = Hour(make)
    a = hour.members[0]
    hour.passes(
        {20 * MINUTE: lambda: a.set_admin(DRAINING), 40 * MINUTE: lambda: a.set_admin(ENABLED)}
    )
    check(hour)


def test_not_even_after_a_restart_with_a_cookie_of_ours() -> None:
    hour = Hour(active_cookie)
    hour.passes({20 * MINUTE: hour.restart, 40 * MINUTE: hour.restart})
    check(hour)


def test_not_even_after_a_restart_with_pins_in_a_file(tmp_path: Path) -> None:
    hour = Hour(lasting(tmp_path / "pins"))
    hour.passes({20 * MINUTE: hour.restart, 40 * MINUTE: hour.restart})
    check(hour)


def test_without_pins_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    hour = Hour(server_cookie)
    hour.service.pool.persistence = hour.service.pool.learn = None
    hour.passes({})
    assert hour.statuses.count(404) > 500
