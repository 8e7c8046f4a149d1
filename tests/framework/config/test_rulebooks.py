"""Rulebooks are made once for each kind and service, keep their places, and name their faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.offers import Offers, registry_of
from kit.rulebooks import PlannedRules
from pointsman.config.build import Site, build
from pointsman.config.load import load, load_text
from pointsman.contracts import Misfit, Offer, Settings, Surroundings
from pointsman.contracts.rules import Rulebook, RuleEvents
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError

Make = Callable[[Sequence[Any], Surroundings], Sequence[PlannedRules | None]]


class Named(PlannedRules):
    def __init__(self, describes: str, warnings: Sequence[str] = ()) -> None:
        super().__init__()
        self.describes, self.warnings = describes, warnings


class FileSettings(Settings):
    file: str = ""


class RuleOffers:
    def __init__(self, make: Make) -> None:
        self._make = make

    @hookimpl
    def rulebooks(self) -> Mapping[str, Offer]:
        return {kind: Offer(FileSettings, self._make) for kind in ("route", "abc")}


SITE = """\
version: 1
virtual_services:
  s:
    listen: "*:80"
    mode: tcp
    pool: {servers: {a: "h:1"}}
    rules: [route, x.abc, {file: r}, y.abc]
"""


def built(make: Make, text: str = SITE) -> Site:
    registry = registry_of(Offers(), RuleOffers(make))
    return build(load_text(text, "f", registry), registry)


def books(site: Site) -> list[str]:
    rules = site.services[0].rules
    assert rules is not None
    return [book.describes for book in rules.books]


def test_a_maker_is_called_once_with_all_entries_and_their_places_stay() -> None:
    seen: list[tuple[list[str], Surroundings]] = []

    def make(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
        seen.append(([entry.file for entry in entries], around))
        return [Named(entry.file or "empty") for entry in entries]

    site = built(make)
    assert books(site) == ["empty", "x.abc", "r", "y.abc"]
    assert [files for files, _ in seen] == [["", "r"], ["x.abc", "y.abc"]]
    around = seen[0][1]
    assert (around.service, around.mode, around.pool) == ("s", "tcp", "s")
    rules = site.services[0].rules
    assert rules is not None
    assert rules.pools == site.pools


def test_one_may_stand_for_others() -> None:
    site = built(lambda entries, around: [Named(around.service), *[None] * (len(entries) - 1)])
    assert books(site) == ["s", "s"]


def test_a_service_without_rules_has_none() -> None:
    text = SITE.replace("    rules: [route, x.abc, {file: r}, y.abc]\n", "")
    assert built(lambda entries, around: [], text).services[0].rules is None


def refused(make: Make) -> str:
    with pytest.raises(ConfigError) as caught:
        built(make)
    return str(caught.value.problems[0])


def misfit(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
    if entries[0].file == "x.abc":
        raise Misfit("no such file", "look again", (1, "file"))
    return [Named("") for _ in entries]


def odd(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
    return []


def fails(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
    raise KeyError("oh")


def test_a_fault_is_told_at_the_entry_that_has_it() -> None:
    told = refused(misfit)
    assert told == "f:7:38: virtual_services.s.rules[3]: no such file (look again)"


@pytest.mark.parametrize(("make", "why"), [(odd, "0 rulebooks for 2"), (fails, "KeyError: 'oh'")])
def test_a_fault_of_the_plugin_names_it(make: Make, why: str) -> None:
    told = refused(make)
    assert "virtual_services.s.rules: plugin 'RuleOffers'" in told
    assert why in told


def test_warnings_have_the_place_of_their_entry() -> None:
    def make(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
        return [Named("", ["slow"] if entry.file == "r" else []) for entry in entries]

    site = built(make)
    assert [str(each) for each in site.warnings] == ["f:7:27: virtual_services.s.rules[2]: slow"]


def test_relative_paths_begin_beside_the_file_they_are_written_in(tmp_path: Path) -> None:
    folders: list[Path] = []

    def make(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
        folders.extend(around.folder((place, "file")) for place in range(len(entries)))
        return [Named("") for _ in entries]

    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "site.yaml").write_text("version: 1\ninclude: [inner/s.yaml]\n")
    (inner / "s.yaml").write_text(SITE)
    registry = registry_of(Offers(), RuleOffers(make))
    build(load(tmp_path / "site.yaml", registry), registry)
    assert folders == [inner] * 4


class Remembering(Named):
    """Stays as long as it is called the same; notes what a reload tells it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.kept: list[object] = []
        self.before: list[str] = []

    def stays(self, made: Rulebook) -> bool:
        return self.describes == made.describes

    def keep(self, made: Rulebook) -> None:
        self.kept.append(made)

    def take_over(self, before: Sequence[Rulebook]) -> None:
        self.before = [each.describes for each in before]


def test_on_a_reload_each_rulebook_that_would_be_made_as_it_is_stays() -> None:
    made: list[Remembering] = []

    def make(entries: Sequence[Any], around: Surroundings) -> Sequence[PlannedRules]:
        books = [Remembering(entry.file) for entry in entries]
        made.extend(books)
        return books

    registry = registry_of(Offers(), RuleOffers(make))
    before = build(load_text(SITE, "f", registry), registry)
    first = before.services[0].rules
    assert first is not None
    text = SITE.replace("x.abc, {file: r}", "z.abc, {file: r}, x.abc")
    made.clear()
    after = build(load_text(text, "f", registry), registry, before)
    rules = after.services[0].rules
    assert rules is not None
    empty, z, r, x, y = rules.books
    assert (empty, r, y) == (first.books[0], first.books[2], first.books[3])
    assert x is first.books[1]
    assert isinstance(x, Remembering)
    assert [each.describes for each in x.kept if isinstance(each, Named)] == ["x.abc"]
    assert x.kept[0] in made
    assert isinstance(z, Remembering)
    assert z.before == ["", "x.abc", "r", "y.abc"]
    made.clear()
    other = build(
        load_text(text.replace("mode: tcp", "mode: http"), "f", registry), registry, after
    )
    changed = other.services[0].rules
    assert changed is not None
    assert not set(map(id, changed.books)) & set(map(id, rules.books))


def test_a_rulebook_that_says_nothing_stays_only_if_it_is_equal() -> None:
    class Bare(Rulebook):
        describes = "bare"
        events = RuleEvents()

    one = Bare()
    assert one.stays(one)
    assert not one.stays(Bare())
    one.keep(Bare())
    one.take_over([Bare()])
