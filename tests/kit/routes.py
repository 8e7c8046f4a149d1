"""Rules in YAML at one exchange between recorders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from twisted.internet.task import Clock

from kit.ruled_stage import RuledStage
from pointsman.contracts import Surroundings
from pointsman.model.connection import ConnectionFacts
from pointsman.model.headers import Field, Headers
from pointsman.model.message import RequestHead, ResponseHead
from pointsman_rules.routes.book import RouteBook, make_books
from pointsman_rules.routes.settings import RouteSettings


class Threads:
    """A thread pool that works at once, in the thread of the test."""

    def callInThreadWithCallback(self, done: Any, work: Any, *args: Any, **more: Any) -> None:
        done(True, work(*args, **more))


class ThreadedClock(Clock):
    """A reactor whose threads are no threads."""

    def getThreadPool(self) -> Threads:
        return Threads()

    def callFromThread(self, do: Any, *args: Any) -> None:
        do(*args)


class Room:
    """What the rules work in (contracts.rules.RuleRoom)."""

    service = "service"

    def __init__(self, pools: Mapping[str, Any]) -> None:
        self.pools = pools
        self.reactor = ThreadedClock()
        self.wall_time = 1_700_000_000.0  # Tuesday 14 November 2023, 22:13:20 UTC

    def clock(self) -> float:
        return float(self.reactor.seconds())

    def wall(self) -> float:
        return self.wall_time + self.clock()

    def changed(self) -> None:
        raise AssertionError("they do not change")


def entries_of(rules: str) -> list[RouteSettings]:
    return [RouteSettings.model_validate(each or {}) for each in YAML(typ="safe").load(rules)]


class Routes:
    """The rules of one service, to be asked again and again.

    Args:
        rules: as in YAML, a list.
        folder: beside which files are looked for.
    """

    def __init__(
        self,
        rules: str,
        folder: Path = Path(),
        places: Sequence[int] = (),
        tables: Mapping[str, Any] | None = None,
    ) -> None:
        around = Surroundings(
            "pool",
            "http",
            service="service",
            folder=lambda at: folder,
            places=tuple(places),
            sections={"rule_tables": tables or {}},
        )
        self.books = [book for book in make_books(entries_of(rules), around) if book is not None]
        self.room: Room | None = None

    def asks(
        self,
        target: str = "/",
        method: str = "GET",
        fields: Sequence[Field] = (),
        *,
        host: str = "example.org",
        client: str = "192.0.2.1",
        secure: bool = False,
        sni: str = "",
        servers: int = 2,
    ) -> RuledStage:
        """A request meets the rules; a server is connected if they let it."""
        stage = RuledStage(*self.books, servers=servers)
        if self.room is None:
            rules = stage.service.rules
            assert rules is not None
            self.room = Room(rules.pools)
            for book in self.books:
                book.start(self.room)
        self.room.pools = stage.service.rules.pools if stage.service.rules else {}
        stage.client.connection = ConnectionFacts(
            client, 40000, "192.0.2.100", 443 if secure else 80, secure, sni
        )
        stage.ruled.client_ip = client
        headers = Headers([(b"Host", host.encode()), *fields])
        head = RequestHead(method.encode(), target.encode(), headers, host=host.encode())
        stage.asks(head)
        if stage.upstreams.openings and not stage.upstreams.last.end:
            stage.upstreams.last.connects()
        return stage


def answered(stage: RuledStage, fields: Sequence[Field] = (), status: int = 200) -> Headers:
    """The server answers; the headers that the client gets."""
    stage.exchange.response_began(ResponseHead(status, Headers(fields), body_length=0), b"", True)
    return sent(stage)


def sent(stage: RuledStage) -> Headers:
    """The headers that the client got."""
    assert stage.exchange.response is not None
    return stage.exchange.response.headers


def got(stage: RuledStage) -> RequestHead:
    """What the server was asked."""
    head = stage.ruled.outgoing or stage.exchange.request
    assert head is not None
    return head


def one_book(routes: Routes) -> RouteBook:
    (book,) = routes.books
    return book
