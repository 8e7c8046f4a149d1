"""Values for sections: made by a table that can, told where they are wrong, kept over a reload."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.offers import Offers, TableSettings
from kit.offers import table as table_of_pins
from kit.plain_values import PlainValues
from pointsman.config.build import Site, build, draft
from pointsman.config.load import load_text
from pointsman.config.registry import Registry
from pointsman.config.steps import at_once
from pointsman.contracts import Misfit, Offer, Section, SectionPlace, Surroundings
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError, PluginError


class DictValues(PlainValues):
    """Values that tell what they were made of."""

    def __init__(self, name: str, size: int, folder: Path) -> None:
        super().__init__()
        self.name, self.size, self.folder = name, size, folder


def make(settings: TableSettings, around: Surroundings) -> DictValues:
    if settings.size == 13:
        raise Misfit("13 brings bad luck", "take 12", ("size",))
    return DictValues(around.pool, settings.size, around.folder(("table", "path")))


class Shelves:
    """Offers the section ``shelves``, each in the table that it names, and a table for that."""

    @hookimpl
    def sections(self) -> Mapping[str, Section]:
        return {"shelves": Section(dict[str, dict[str, Any]], self.shelves)}

    @staticmethod
    def shelves(shelves: dict[str, dict[str, Any]], place: SectionPlace) -> Any:
        return {
            name: place.make_values(name, str(one["kind"]), {**one["options"]}, (name, "options"))
            for name, one in shelves.items()
        }

    @hookimpl
    def tables(self) -> Mapping[str, Offer]:
        return {"able": Offer(TableSettings, table_of_pins, values=make)}


SITE = """\
version: 1
virtual_services:
  s: {{listen: "*:80", pool: {{servers: {{a: "h:1"}}}}}}
shelves:
  one:
    kind: {kind}
    options: {options}
"""


def registry() -> Registry:
    made = Registry(lambda *told: None)
    made.register(Offers(), "kit")
    made.register(Shelves(), "shelves")
    return made


def built(kind: str = "able", options: str = "{size: 5}", before: Site | None = None) -> Site:
    there = registry()
    return build(load_text(SITE.format(kind=kind, options=options), "f", there), there, before)


def test_they_are_made_and_looked_after_by_the_site() -> None:
    site = built()
    values = site.sections["shelves"]["one"]
    assert isinstance(values, DictValues)
    assert (values.name, values.size, values.folder) == ("one", 5, Path())
    assert site.tables == (values,)
    bare = DictValues("", 0, Path())
    bare.start(None)
    told: list[bool] = []
    bare.when_ready(lambda: told.append(True))
    assert (told, bare.outlives, bare.expire(0.0)) == ([True], False, 0)


def test_a_reload_keeps_those_that_are_kept_as_before() -> None:
    first = built()
    second = built(before=first)
    values = first.sections["shelves"]["one"]
    assert second.tables == first.tables == (values,)
    third = built(options="{size: 6}", before=second)
    assert third.tables != first.tables
    there = registry()
    text = SITE.format(kind="able", options="{size: 7}")
    made = at_once(draft(load_text(text, "f", there), there, third))
    (fresh,) = made.tables
    made.discard()
    assert isinstance(fresh, DictValues)
    assert fresh.closed
    assert not values.closed


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("abel", "{}", "no plugin offers the table 'abel' (did you mean `able`?)"),
        ("memory", "{}", "the table 'memory' can keep pins, but no values (these can: able)"),
        ("able", "{timeout: 5s}", "f:7:24: shelves.one.options.timeout: `timeout` is about pins"),
        ("able", "{max_age: 5s}", "`max_age` is about pins"),
        ("able", "{size: x}", "f:7:21: shelves.one.options.size: expected a whole number"),
        ("able", "{sise: 5}", "f:7:15: shelves.one.options.sise: this key is not known here"),
        ("able", "{size: 13}", "f:7:21: shelves.one.options.size: table able: 13 brings bad luck"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(kind: str, options: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(kind, options)
    assert told in str(caught.value.problems[0])


def test_a_maker_of_values_has_to_be_one() -> None:
    class Odd:
        @hookimpl
        def tables(self) -> Mapping[str, Any]:
            return {"odd": (TableSettings, table_of_pins, "", (), 5)}

    with pytest.raises(PluginError, match="its maker of values cannot be called"):
        Registry(lambda *told: None).register(Odd())
