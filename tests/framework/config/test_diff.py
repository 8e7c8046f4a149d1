"""What changed is told by meaning, one sentence for each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.offers import Offers, registry_of
from pointsman.config.diff import differences
from pointsman.config.load import load_text
from pointsman.config.schema import Document
from pointsman.contracts import Offer, Settings
from pointsman.hookspecs import hookimpl

SITE = """\
version: 1
resolver: {interval: 30s}
pools:
  web:
    scheduling: round_robin
    persistence: {kind: pins, timeout: 5s}
    health: {kind: page, path: /up, interval: 20s}
    servers: {a: "127.0.0.1:1", b: {address: "127.0.0.2:2", weight: 7}}
virtual_services:
  one: {listen: "*:80", pool: web, timeouts: {idle: 5s}}
  two: {listen: "*:81", mode: tcp, pool: {health: none, servers: {c: unix:/run/c}}}
"""


def document(text: str) -> Document:
    return load_text(text, "f", registry_of()).settings


def told(before: str, after: str) -> list[str]:
    return [*differences(document(before), document(after))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("weight: 7", "weight: 8", ["pool web: server b: weight 7 -> 8"]),
        (
            '"127.0.0.1:1"',
            '{address: "127.0.0.1:1", weight: 5}',
            ["pool web: server a: weight 1000 -> 5"],
        ),
        ('"127.0.0.1:1"', '{address: "127.0.0.1:1", weight: 1000}', []),
        ('a: "127.0.0.1:1", ', "", ["pool web: server a removed"]),
        ("servers: {a:", 'servers: {n: "h:1", a:', ["pool web: server n added"]),
        ("127.0.0.2:2", "127.0.0.2:3", ["pool web: server b: address 127.0.0.2:2 -> 127.0.0.2:3"]),
        ("interval: 20s", "interval: 21s", ["pool web: health.interval 20s -> 21s"]),
        ("path: /up", "path: /down", ["pool web: health.path /up -> /down"]),
        ("kind: page, path: /up", "kind: tcp", ["pool web: health page -> tcp"]),
        ("health: none", "health: tcp", ["virtual service two: health none -> tcp"]),
        ("timeout: 5s", "timeout: 1m", ["pool web: persistence.timeout 5s -> 1m"]),
        ("scheduling: round_robin", "scheduling: {kind: hash, header: h}",
         ["pool web: scheduling round_robin -> hash"]),
        ("idle: 5s", "idle: 0", ["virtual service one: timeouts.idle 5s -> 0"]),
        ('"*:80"', '["*:80", "*:82"]', ["virtual service one: listen *:80 -> *:80, *:82"]),
        ("unix:/run/c", "unix:/run/d",
         ["virtual service two: server c: address unix:/run/c -> unix:/run/d"]),
        ("pool: web,", "pool: {servers: {a: 'h:1'}},",
         ["virtual service one: pool web -> a pool in place"]),
        ("pool: web,", "pool: web, explain: {log: true, networks: [10.0.0.0/8]},",
         ["virtual service one: explain none -> {log: true, networks: 10.0.0.0/8}"]),
        ("interval: 30s", "interval: 31s", ["resolver.interval 30s -> 31s"]),
        ("version: 1", "version: 1\naccess_log: {}", ["access_log none -> {}"]),
        ("version: 1", "version: 1\n# nothing but a comment", []),
        ("  two:", "  three:", ["virtual service two removed", "virtual service three added"]),
        ("pools:", "pools:\n  more: {servers: {x: 'h:1'}}", ["pool more added"]),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(old: str, new: str, expected: list[str]) -> None:
    assert old in SITE
    assert told(SITE, SITE.replace(old, new, 1)) == expected


class RuleFile(Settings):
    file: str = ""
    shadow: bool = False
    options: Mapping[str, Any] = {}


class Rules:
    """Offers rules in files."""

    @hookimpl
    def rulebooks(self) -> Mapping[str, Offer]:
        return {kind: Offer(RuleFile, lambda entries, around: []) for kind in ("route", "abc")}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("[a.abc, {kind: abc, file: b, shadow: true}]", ["rules[1].shadow false -> true"]),
        ("[a.abc, c.abc]", ["rules[1].file b -> c.abc"]),
        ("[a.abc]", ["rules a.abc, b -> a.abc"]),
        ("[a.abc, route]", ["rules[1] b -> route"]),
        ("[a.abc, {kind: abc, file: b, options: {x: 1}}]", ["rules[1].options.x none -> 1"]),
    ],
)
def test_rules_are_told_one_by_one(rules: str, expected: list[str]) -> None:
    registry = registry_of(Offers(), Rules())
    begin = "pool: web, rules: "
    before, after = (
        load_text(SITE.replace("pool: web,", f"{begin}{each},", 1), "f", registry).settings
        for each in ("[a.abc, {kind: abc, file: b}]", rules)
    )
    found = [*differences(before, after)]
    assert found == [f"virtual service one: {each}" for each in expected]


def test_values_are_kept_short_and_on_one_line() -> None:
    (one,) = told(SITE, SITE.replace("path: /up", f'path: "/{"x" * 300}"'))
    assert len(one) < 120
    assert "\n" not in one


class Files:
    """What a section became: the contents of files."""

    def __init__(self, *contents: str) -> None:
        self.contents = contents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Files) and self.contents == other.contents

    __hash__ = None  # type: ignore[assignment]

    def changed_from(self, before: Any) -> list[str]:
        new = set(self.contents) - set(before.contents)
        return [f"file {name} changed" for name in sorted(new)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Files("a"), Files("a"), []),
        (Files("a"), Files("a", "b"), ["file b changed"]),
        (None, Files("b"), []),
        (object(), object(), []),
    ],
)
def test_what_is_only_in_files_is_told_by_whoever_read_them(
    before: object, after: object, expected: list[str]
) -> None:
    site = document(SITE)
    assert [*differences(site, site, {"files": before}, {"files": after})] == expected


@given(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1),
       st.lists(st.sampled_from("abcdef"), unique=True, min_size=1))  # fmt: skip
def test_servers_that_come_and_go_are_all_told_and_no_others(
    before: list[str], after: list[str]
) -> None:
    def site(names: list[str]) -> str:
        servers = ", ".join(f"{name}: 'h:1'" for name in names)
        return f"version: 1\npools: {{p: {{health: none, servers: {{{servers}}}}}}}\n"

    expected = {f"pool p: server {name} removed" for name in set(before) - set(after)}
    expected |= {f"pool p: server {name} added" for name in set(after) - set(before)}
    assert set(told(site(before), site(after))) == expected
