"""A reload of the configuration: rules that are as they were go on, changed ones begin anew."""

from __future__ import annotations

import gc
import json
import os
import weakref
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from kit.lua_rules import asked, exchange
from pointsman.app.assembly import RunningSite
from pointsman.app.loading import configuration_of, drafting, registry_with, site_of
from pointsman.config.steps import at_once
from pointsman.model.decision import Respond
from pointsman.model.errors import ConfigError
from pointsman.net.listener import Listener
from pointsman_rules.book import Book
from pointsman_rules.generation import Generation
from pointsman_rules.routes.book import RouteBook
from pointsman_rules.watchdog import Watchdog

COUNTING = """
count = 0
on.request(function(req)
  count = count + 1
  return respond(200, count .. " " .. tables.hits:incr("all"))
end)
every("1s", function() tables.hits:incr("ticks") end)
on.unload(function() tables.hits:incr("unloaded") end)
"""


class Reactor(MemoryReactorClock):
    """One that the watchdog may call, as it does when the machine is busy."""

    def callFromThread(self, do: Any, *arguments: Any) -> None:
        do(*arguments)


class Play:
    """A site with rules on a clock, without sockets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reactor = Reactor()  # type: ignore[no-untyped-call]
        self.registry = registry_with()
        self.running: RunningSite | None = None
        self.writes = 0

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        # Files of the same size that are written in one tick of the clock look the same.
        told = path.stat()
        self.writes += 1
        os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns + self.writes))

    def config(self, rules: Any, **sections: Any) -> Any:
        service = {
            "listen": "127.0.0.1:0",
            "pool": {"health": "none", "servers": {"a": "127.0.0.1:1"}},
            "rules": rules,
        }
        path = self.folder / "site.yaml"
        config = {"version": 1, "rule_tables": {"hits": {}}, **sections}
        config["virtual_services"] = {"site": service}
        path.write_text(json.dumps(config))
        return configuration_of(path, self.registry)

    def begin(self, rules: Any, **sections: Any) -> None:
        site = site_of(self.config(rules, **sections), self.registry, self.reactor, {})
        clock = self.reactor.seconds
        self.running = RunningSite(site, self.registry, self.reactor, {}, clock=clock)
        self.running.listen()
        self.running.begin()
        self.reactor.advance(0.1)

    @property
    def now(self) -> RunningSite:
        assert self.running is not None
        return self.running

    def reload(self, rules: Any, **sections: Any) -> None:
        configuration = self.config(rules, **sections)
        steps = drafting(configuration, self.registry, self.reactor, {}, self.now.site)
        told: list[Any] = []
        self.now.change(at_once(steps)).addBoth(told.append)
        for _ in range(50):
            self.reactor.advance(0.01)
            if told:
                break
        assert told == [None]

    @property
    def books(self) -> tuple[Any, ...]:
        rules = self.now.services[0].service.rules
        assert rules is not None
        return rules.books

    def said(self) -> str:
        """What the first rule answers."""
        answer = asked(self.books[0], "request", exchange())
        assert isinstance(answer, Respond)
        return answer.body.decode()

    def table(self, key: str) -> Any:
        return self.now.site.sections["rule_tables"]["hits"].get(key, self.reactor.seconds())


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for method in ("open", "close", "pause", "resume"):
        monkeypatch.setattr(Listener, method, lambda self: None)
    # Its thread looks at a clock that only the test moves.
    monkeypatch.setattr(Watchdog, "start", lambda self, reactor: None)
    made = Play(tmp_path)
    made.write("a.lua", COUNTING)
    yield made
    if made.running is not None:
        made.running.stop()
        made.reactor.pump([0.1] * 20)


def test_rules_that_did_not_change_go_on(play: Play) -> None:
    play.begin(["a.lua"])
    assert play.said() == "1 1"
    (book,) = play.books
    sections = play.now.site.sections
    play.reload(["a.lua"], defaults={"timeouts": {"idle": "2m"}})
    assert play.now.site.sections == sections
    assert play.books == (book,)
    assert play.said() == "2 2"
    play.reactor.advance(1.0)
    assert play.table("ticks") == 1
    assert play.table("unloaded") is None
    assert play.now.site.sections["lua"].beside.books == {("site", False): book}


@pytest.mark.parametrize("change", ["text", "options", "status", "limits", "more"])
def test_changed_ones_begin_anew_with_the_same_tables(play: Play, change: str) -> None:
    play.write("a.lua", "options { x = {'number', 1, 'x'} }" + COUNTING)
    play.begin(["a.lua"])
    assert play.said() == "1 1"
    (book,) = play.books
    rule: dict[str, Any] = {"kind": "lua", "file": "a.lua"}
    rules: list[Any] = [rule]
    match change:
        case "text":
            play.write("a.lua", COUNTING + "-- changed")
        case "options":
            rule["options"] = {"x": 2}
        case "status":
            rule["on_error"] = "closed"
        case "limits":
            rule["limits"] = {"instructions": 100_000}
        case "more":
            play.write("b.lua", "")
            rules.append("b.lua")
    play.reload(rules)
    assert play.books != (book,)
    assert play.said() == "1 2"
    assert play.table("unloaded") == 1
    play.reactor.advance(1.0)
    assert play.table("ticks") == 1  # the old one's timer has ended


def test_exchanges_under_way_end_on_the_old_rules_and_then_these_are_unloaded(play: Play) -> None:
    play.write("a.lua", "on.log(function() end) name = 'old'" + COUNTING)
    play.begin(["a.lua"])
    (old,) = play.books
    x = exchange()
    asked(old, "request", x)
    play.write("a.lua", COUNTING)
    play.reload(["a.lua"])
    assert play.table("unloaded") is None
    asked(old, "log", x)
    assert play.table("unloaded") == 1


def test_a_test_beside_a_rule_that_changed_has_to_pass(play: Play) -> None:
    play.write(
        "a.test.yaml",
        "rule: a.lua\nrule_tables: {hits: {}}\n"
        "cases: [{name: c, steps: [{request: GET /, expect: {body: '1 1'}}]}]\n",
    )
    play.begin(["a.lua"])
    play.reload(["a.lua"])
    play.write("a.lua", COUNTING.replace("count + 1", "count + 2"))
    with pytest.raises(ConfigError, match=r"a\.test\.yaml") as caught:
        play.reload(["a.lua"])
    assert "mend the rule or its test" in str(caught.value)
    assert play.said() == "1 1"
    play.write("a.lua", "error('broken')")
    with pytest.raises(ConfigError, match=r"a\.lua:1: broken"):
        play.reload(["a.lua"])
    assert play.said() == "2 2"


def test_tables_and_lists_change_around_rules_that_stay(play: Play) -> None:
    play.write("names", "x")
    play.write(
        "a.lua",
        "local l = lists.names\n"
        "on.request(function(req) return respond(200, tostring(l:has('y')) .. ' ' ..\n"
        "  tables.hits:incr('all')) end)",
    )
    lists = {"names": {"file": "names"}}
    play.begin(["a.lua"], lists=lists)
    (book,) = play.books
    assert play.said() == "false 1"
    play.write("names", "y")
    play.reload(["a.lua"], lists=lists, rule_tables={"hits": {"ttl": "5s"}, "other": {}})
    assert play.books == (book,)
    assert play.said() == "true 2"
    play.reload(["a.lua"], lists={"names": {"values": ["z"]}}, rule_tables={"hits": {"size": 5}})
    assert play.books == (book,)
    assert play.said() == "false 3"
    with pytest.raises(ConfigError, match="no list 'names'"):
        play.reload(["a.lua"])


def test_rules_in_yaml_that_did_not_change_count_on(play: Play) -> None:
    limit = {"rate_limit": {"requests": 2, "per": "1h"}}
    play.begin([limit, {"security_headers": True}])
    (book,) = play.books
    assert isinstance(book, RouteBook)
    assert book.request(exchange()) is None
    play.reload([limit, {"security_headers": True}])
    assert play.books == (book,)
    assert book.request(exchange()) is None
    play.reload([limit])
    (other,) = play.books
    assert other is not book
    refused = other.request(exchange())
    assert isinstance(refused, Respond)
    assert refused.status == 429
    play.reload([{"rate_limit": {"requests": 3, "per": "1h"}}])
    assert play.books[0].request(exchange()) is None


def test_what_files_hold_is_part_of_rules_in_yaml(play: Play) -> None:
    play.write("page", "one")
    rule = {"respond": {"status": 200, "file": "page"}}
    play.begin([rule])
    (book,) = play.books
    play.reload([rule])
    assert play.books == (book,)
    play.write("page", "two")
    play.reload([rule])
    assert play.books[0].request(exchange()).body == b"two"


def test_nothing_is_left_of_two_hundred_reloads(play: Play) -> None:
    play.write("b.lua", "on.request(function() end)")
    kept = {"kind": "lua", "file": "b.lua", "shadow": True}
    play.begin(["a.lua", kept])
    seen: list[weakref.ref[Generation | Book]] = []
    for number in range(200):
        play.write("a.lua", f"{COUNTING}-- {number}")
        play.reload(["a.lua", kept])
        for book in play.books:
            seen += [weakref.ref(book.generation), weakref.ref(book)]
        play.said()
    for _ in range(3):  # what Lua let go of is let go of here
        gc.collect()
    alive = {id(one()) for one in seen} - {id(None)}
    assert len(alive) == 4  # two books, each with its files
    assert play.table("all") == 200
    assert play.table("unloaded") == 200
    assert len(play.now.site.sections["lua"].beside.books) == 2
