"""Rules of a test: a book around one or more sources, and exchanges for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointsman.model.decision import Pending
from pointsman.model.message import RequestHead, ResponseHead
from pointsman_rules.book import Book
from pointsman_rules.files import RuleFile
from pointsman_rules.lab.stage import LabConnection, LabExchange, LabPool, LabRoom, LabServer
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.lists import RuleList
from pointsman_rules.making import place_of
from pointsman_rules.rule_tables import RuleTable
from pointsman_rules.site import LuaSettings, LuaSite

ENGINES: tuple[Engine, ...] = ("lua54", "lua55", "luajit")


def rule_file(source: str, name: str = "a.lua", **told: Any) -> RuleFile:
    """A rule file with that text."""
    return RuleFile(name, Path(name), source.encode(), **told)


def lua_book(
    *sources: str | RuleFile,
    engine: Engine = "lua54",
    limits: Limits | None = None,
    tables: Mapping[str, RuleTable] | None = None,
    lists: Mapping[str, RuleList] | None = None,
) -> Book:
    """A book of these sources, named a.lua, b.lua and so on."""
    files = [
        one if isinstance(one, RuleFile) else rule_file(one, f"{'abcdefgh'[at]}.lua")
        for at, one in enumerate(sources)
    ]
    known = {"hits": RuleTable(1000, 60.0)} if tables is None else tables
    site = LuaSite(LuaSettings(engine=engine), lists or {}, known)
    site.watchdog.start = lambda reactor: None  # type: ignore[method-assign]
    site.watchdog.stop = lambda: None  # type: ignore[method-assign]
    place = place_of("svc", site, shadow=files[0].shadow)
    return Book(files, engine, limits or Limits(), place, site)


def lab_room(*servers: str) -> LabRoom:
    """A room with a pool "web" of these servers."""
    pool = LabPool("web", [LabServer(name, f"192.0.2.{at}:80") for at, name in enumerate(servers)])
    return LabRoom({"web": pool})


def exchange(target: str = "/", method: str = "GET", wire: str = "", **told: Any) -> LabExchange:
    """An exchange for www.example.com; ``wire`` are further field lines."""
    lines = f"Host: www.example.com\r\n{wire}".encode("latin-1")
    head = RequestHead(
        method.encode(), target.encode("latin-1"), None, host=b"www.example.com", wire=lines, **told
    )
    return LabExchange(head)


def answered(x: LabExchange, status: int = 200, wire: str = "", length: int = 0) -> LabExchange:
    """The exchange, with an answer of its server."""
    x.came = ResponseHead(status, None, body_length=length, wire=wire.encode("latin-1"))
    x.to_server = x.to_server or "a"
    return x


def asked(book: Book, event: str, x: LabExchange | LabConnection) -> Any:
    """What a book says to an event."""
    ask = getattr(book.events, event)
    assert ask is not None, f"nobody wants {event}"
    return ask(x)


def decided(said: object) -> Any:
    """What a pending answer was decided to be; fails if it is not decided yet."""
    assert isinstance(said, Pending)
    found: list[object] = []
    said.wait(found.append)
    assert found, "it still waits"
    return found[0]
