"""The `rules` of a service: files by their ending, kinds by their name, rules in place without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kit.offers import Offers, registry_of
from kit.rulebooks import PlannedRules
from pointsman.config.jsonschema import schema
from pointsman.config.load import load_text
from pointsman.contracts import Offer, Settings, Surroundings
from pointsman.contracts.pools import PoolName
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError


class RouteSettings(Settings):
    """A rule in place."""

    pool: PoolName | None = None
    path: str = "/"


class FileSettings(Settings):
    """A rule in a file."""

    file: str
    speed: int = 1


def make(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
    return [PlannedRules() for _ in entries]


class RuleOffers:
    @hookimpl
    def rulebooks(self) -> Mapping[str, Offer]:
        return {"route": Offer(RouteSettings, make), "abc": Offer(FileSettings, make, "ABC")}


SITE = """\
version: 1
pools: {web: {servers: {a: "h:1"}}, other: {servers: {b: "h:2"}}}
virtual_services:
  s:
    listen: "*:80"
    pool: web
    rules:
"""


def read(rules: str) -> Any:
    text = SITE + "".join(f"      {line}\n" for line in rules.splitlines())
    return load_text(text, "f", registry_of(Offers(), RuleOffers()))


def chosen(rules: str) -> list[tuple[str, Any]]:
    section = read(rules).settings.virtual_services["s"]
    return [(rule.name, rule.options) for rule in section.rules]


def wrong(rules: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(rules)
    return [str(problem) for problem in caught.value.problems]


def test_the_order_is_kept_and_kinds_are_found() -> None:
    assert chosen("- one.abc\n- {pool: other}\n- {kind: abc, file: x, speed: 2}\n- route\n") == [
        ("abc", FileSettings(file="one.abc")),
        ("route", RouteSettings(pool=PoolName("other"))),
        ("abc", FileSettings(file="x", speed=2)),
        ("route", RouteSettings()),
    ]


def test_pools_that_rules_name_are_used() -> None:
    assert [w.key for w in read("- {path: /a}").warnings] == ["pools.other"]
    assert read("- {pool: other}").warnings == ()


def test_a_service_has_no_rules_by_itself() -> None:
    text = SITE.replace("    rules:\n", "")
    read_without = load_text(text, "f", registry_of(Offers(), RuleOffers()))
    assert read_without.settings.virtual_services["s"].rules == ()


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("- {pool: othr}", "f:8:16: virtual_services.s.rules[0].pool: there is no pool 'othr'"),
        ("- route\n- x.lua", "f:9:9: virtual_services.s.rules[1]: expected a file (NAME.abc) or"),
        ("- {kind: rout}", "f:8:16: virtual_services.s.rules[0].kind: no plugin offers the kind"),
        ("- {kind: abc}", "f:8:9: virtual_services.s.rules[0].file: this is required but missing"),
        ("- {pth: /}", "f:8:10: virtual_services.s.rules[0].pth: this key is not known here"),
        ("- 7", "f:8:9: virtual_services.s.rules[0]: expected the name of a file, or a mapping"),
        ("{pool: web}", "f:7:5: virtual_services.s.rules: expected a list of rules"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(rules: str, problem: str) -> None:
    (told,) = wrong(rules)
    assert told.startswith(problem)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(wrong("- {pool: othr}\n- 7\n- {kind: abc, speed: x}")) == 4


def test_the_schema_knows_the_kinds() -> None:
    made = schema(registry_of(Offers(), RuleOffers()))["$defs"]["rulebooks"]["anyOf"]
    assert [branch.get("title", branch["type"]) for branch in made] == ["string", "route", "abc"]
    assert made[1]["required"] == []
    assert made[2]["required"] == ["kind", "file"]
