"""A plugin's own top-level section is read, placed and made like one of ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.offers import Offers
from pointsman.config.build import Site, build
from pointsman.config.jsonschema import schema
from pointsman.config.load import load, load_mapping, load_text
from pointsman.config.registry import Registry
from pointsman.contracts import Offer, SecretSetting, Section, SectionPlace, Settings, Surroundings
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError, PluginError


class Lamp(Settings):
    watts: int
    key: SecretSetting | None = None


class Lamps:
    """Offers ``lamps`` and ``shades``; the maker of shades sees the lamps."""

    def __init__(self, **more: Section) -> None:
        self.seen: list[Surroundings] = []
        self.more = more

    @hookimpl
    def sections(self) -> Mapping[str, Section]:
        return {
            "lamps": Section(dict[str, Lamp], self.lamps, "what gives light"),
            "shades": Section(dict[str, str], lambda shades, place: (shades, place.made["lamps"])),
            **self.more,
        }

    @hookimpl
    def schedulers(self) -> Mapping[str, Offer]:
        return {"lit": Offer(Settings, self.scheduler)}

    def scheduler(self, settings: Settings, around: Surroundings) -> Any:
        self.seen.append(around)
        return (
            Offers()
            .schedulers()["round_robin"]
            .make(Offers().schedulers()["round_robin"].settings(), around)
        )

    @staticmethod
    def lamps(lamps: dict[str, Lamp], place: SectionPlace) -> dict[str, Any]:
        for name, lamp in lamps.items():
            if lamp.watts > 100:
                place.error("too bright", "take a weaker one", (name, "watts"))
            if lamp.watts < 5:
                place.warn("hardly any light", at=(name, "watts"))
        return {name: (lamp.watts, place.folder((name,))) for name, lamp in lamps.items()}


def registry_with(plugin: object) -> Registry:
    registry = Registry(lambda *told: None)
    registry.register(Offers(), "kit")
    registry.register(plugin, "lamps")
    return registry


def made(text: str, plugin: object, environ: Mapping[str, str] | None = None) -> Site:
    registry = registry_with(plugin)
    return build(load_text(text, "site/main.yaml", registry, environ or {}), registry)


def problems(text: str, plugin: object | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        made(text, plugin or Lamps())
    return [str(problem) for problem in raised.value.problems]


def test_what_was_made_of_a_section_reaches_other_makers() -> None:
    plugin = Lamps()
    site = made(
        "version: 1\nlamps:\n  desk: {watts: 9}\nshades: {a: green}\n"
        'pools: {p: {scheduling: lit, servers: {s: "127.0.0.1:80"}}}\n',
        plugin,
    )
    assert site.sections["lamps"] == {"desk": (9, Path("site"))}
    assert site.sections["shades"] == ({"a": "green"}, site.sections["lamps"])
    assert plugin.seen[0].sections == site.sections


def test_a_section_that_nobody_wrote_is_made_as_well() -> None:
    assert made("version: 1\n", Lamps()).sections == {"lamps": {}, "shades": ({}, {})}
    assert made("version: 1\nlamps:\n", Lamps()).sections["lamps"] == {}


def test_mistakes_have_their_place() -> None:
    assert problems("version: 1\nlamps:\n  desk: {wats: 9}\n") == [
        "site/main.yaml:3:10: lamps.desk.wats: this key is not known here (did you mean `watts`?)",
    ]
    assert problems("version: 1\nlamps:\n  desk: {watts: many}\n") == [
        "site/main.yaml:3:17: lamps.desk.watts: expected a whole number, got 'many'"
    ]
    assert "did you mean `lamps`?" in problems("version: 1\nlamp: {}\n")[0]


def test_what_its_maker_says_has_its_place() -> None:
    text = "version: 1\nlamps:\n  desk:\n    watts: 500\n  wall: {watts: 1}\n"
    told = "site/main.yaml:4:12: lamps.desk.watts: too bright (take a weaker one)"
    assert problems(text) == [told]
    (warning,) = made(text.replace("500", "50"), Lamps()).warnings
    assert str(warning) == "site/main.yaml:5:17: lamps.wall.watts: hardly any light"


def test_a_maker_that_fails_is_named() -> None:
    def fail(values: Any, place: SectionPlace) -> None:
        raise RuntimeError("no current")

    (told,) = problems("version: 1\n", Lamps(mains=Section(dict[str, str], fail)))
    assert told.endswith("failed to make mains: RuntimeError: no current")
    assert "plugin 'lamps' of" in told


def test_a_relative_path_begins_beside_the_file_that_it_is_written_in(tmp_path: Path) -> None:
    below = tmp_path / "more"
    below.mkdir()
    (tmp_path / "main.yaml").write_text(
        "version: 1\ninclude: more/lamps.yaml\nlamps: {a: {watts: 9}}\n"
    )
    (below / "lamps.yaml").write_text("lamps: {b: {watts: 9}}\n")
    registry = registry_with(Lamps())
    site = build(load(tmp_path / "main.yaml", registry), registry)
    assert site.sections["lamps"] == {"a": (9, tmp_path), "b": (9, below)}
    given = load_mapping({"version": 1, "lamps": {"c": {"watts": 9}}}, registry)
    assert build(given, registry).sections["lamps"] == {"c": (9, Path())}


def test_a_section_of_ours_cannot_be_taken() -> None:
    (told,) = problems("version: 1\n", Lamps(pools=Section(dict[str, str], lambda a, b: a)))
    assert "plugin 'lamps'" in told
    assert told.endswith("the section 'pools' belongs to the framework")


def test_two_plugins_cannot_offer_one_section() -> None:
    registry = registry_with(Lamps())

    class Others:
        @hookimpl
        def sections(self) -> Mapping[str, Section]:
            return {"lamps": Section(dict[str, str], lambda values, place: values)}

    with pytest.raises(PluginError, match=r"'lamps' is offered by plugin 'lamps' of .* already"):
        registry.register(Others(), "others")


@pytest.mark.parametrize(
    ("name", "section", "told"),
    [
        ("Two words", Section(dict[str, str], print), "is not a name"),
        ("x", "no section", "is not a Section"),
        ("x", Section(dict[str, str], None), "cannot be called"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_section_is_refused(name: str, section: Any, told: str) -> None:
    with pytest.raises(PluginError, match=told):
        registry_with(Lamps(**{name: section}))


def test_sections_are_listed_and_described() -> None:
    registry = registry_with(Lamps())
    assert registry.plugins[-1].offers["sections"] == ("lamps", "shades")
    described = schema(registry)
    assert described["properties"]["lamps"]["description"] == "what gives light"
    assert "watts" in described["$defs"]["Lamp"]["properties"]
    with pytest.raises(ValueError, match="no event hook"):
        registry.events("sections")


# ---- secrets ----


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("hunter2", "a secret is never written here: expected {env: NAME} or {file: PATH}"),
        ("{value: hunter2}", "a secret is never written here"),
        ("{env: A, file: hunter2}", "a secret is never written here"),
        ("{env: 7}", "env needs a name"),
        ("{file: ''}", "file needs a path"),
    ],
)
def test_what_stands_in_place_of_a_secret_is_never_quoted(written: str, told: str) -> None:
    (problem,) = problems(f"version: 1\nlamps: {{a: {{watts: 9, key: {written}}}}}\n")
    assert told in problem
    assert problem.startswith("site/main.yaml:2:")
    assert "hunter2" not in problem
