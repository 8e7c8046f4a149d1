"""Pins by source address: whoever comes from one address stays with one server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kit.plays import answering
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, eventually, running_site, service

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
NAMED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%b."
SOURCES = [f"127.0.0.{last}" for last in range(1, 11)]


class Site(NamedTuple):
    running: RunningSite
    a: RealServer
    b: RealServer

    def asked(self, source: str, count: int = 1) -> str:
        """Names of the servers that answer on one new connection."""
        with RawClient(self.running.place(), source) as client:
            return "".join(client.ask(GET, b".").decode()[-2] for _ in range(count))

    def pins(self, count: int) -> Counter[tuple[str, str]]:
        """How often each address got each pin decision, when so many records are written."""
        eventually(lambda: len(self.running.records()) >= count)
        return Counter((record["client"], record["pin"]) for record in self.running.records())


@contextmanager
def pinning(folder: Path, health: object = "none", **options: Any) -> Iterator[Site]:
    """Two servers behind a scheduler that alone would change between them at each request."""
    pool = {
        "scheduling": "round_robin",
        "persistence": {"kind": "source_ip", **options},
        "health": health,
    }
    with (
        real_server(answering(NAMED % b"a")) as a,
        real_server(answering(NAMED % b"b")) as b,
        running_site(folder, site=service(a.address, b.address, pool=pool)) as running,
    ):
        yield Site(running, a, b)


def test_each_address_stays_where_it_is(tmp_path: Path) -> None:
    with pinning(tmp_path) as site:
        first = {source: site.asked(source) for source in SOURCES}
        assert set(first.values()) == {"a", "b"}
        for _ in range(2):
            for source in SOURCES:
                assert site.asked(source, 3) == first[source] * 3
        decisions = site.pins(len(SOURCES) * 7)
        assert decisions == Counter(
            {(source, pin): count for source in SOURCES for pin, count in WANTED.items()}
        )


WANTED = {"new": 1, "pinned": 6}


def test_with_a_mask_a_network_stays_where_it_is(tmp_path: Path) -> None:
    with pinning(tmp_path, mask_v4=31) as site:
        pairs = [(f"127.0.0.{last}", f"127.0.0.{last + 1}") for last in range(2, 10, 2)]
        told = [(site.asked(one), site.asked(other)) for one, other in pairs]
        assert all(one == other for one, other in told)
        assert {one for one, _ in told} == {"a", "b"}


def test_a_pin_moves_when_its_server_is_down_and_does_not_move_back(tmp_path: Path) -> None:
    health = {"kind": "tcp", "interval": "1s", "timeout": "1s", "retries": 0}
    with pinning(tmp_path, health) as site:
        place = {source: site.asked(source) for source in SOURCES}
        site.a.vanish()
        assert {site.asked(source) for source in SOURCES} == {"b"}  # before anybody has noticed
        site.running.program.until("site/a is down")
        site.a.listen()
        site.running.program.until("(?s)site/a is down.*site/a is up")
        assert {site.asked(source) for source in SOURCES} == {"b"}
        assert set(place.values()) == {"a", "b"}
        assert site.asked("127.0.0.20") + site.asked("127.0.0.21") in ("ab", "ba")
