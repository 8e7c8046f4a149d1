"""Plugins are asked once, and one that is broken breaks nothing else."""

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any

import click
import pytest

import pointsman.config.registry as registry_module
from kit.offers import CheckSettings, FirstSettings, Offers, check, first
from pointsman.config.registry import Registry
from pointsman.contracts import Offer, Settings
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import PluginError

Reports = list[tuple[str, str, Exception]]


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
def registry(reports: Reports) -> Registry:
    return Registry(lambda plugin, hook, error: reports.append((plugin, hook, error)))


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path; what is imported from it is forgotten again."""
    before = {*sys.modules}
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in {*sys.modules} - before:
        del sys.modules[name]


MODULE = """
from pointsman.contracts import Offer, Settings
from pointsman.hookspecs import hookimpl

@hookimpl
def schedulers():
    return {{"{name}": Offer(Settings, lambda settings, around: object())}}
"""


class Installed(Distribution):
    """A distribution that is not there, to have a name and a version."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read_text(self, filename: str) -> str:
        return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: 1.2\n"

    def locate_file(self, path: Any) -> Any:
        return path


def entry_point(name: str, value: str, distribution: str) -> EntryPoint:
    entry = EntryPoint(name, value, "pointsman.plugins")
    vars(entry)["dist"] = Installed(distribution)
    return entry


def test_what_a_plugin_offers_is_there_by_name(registry: Registry) -> None:
    registry.register(Offers(), "mine")
    assert set(registry.schedulers) == {"round_robin", "hash", "broken"}
    assert set(registry.persistences) == {"pins", "bare"}
    assert set(registry.tables) == {"memory", "other"}
    offered = registry.health_checks["page"]
    assert (offered.name, offered.settings, offered.make) == ("page", CheckSettings, check)
    assert (offered.plugin, offered.distribution) == ("mine", "kit.offers.Offers")
    assert registry.schedulers["round_robin"].doc == "Always the first one."
    assert registry.schedulers["hash"].doc == "by a header"


def test_what_is_loaded_can_be_listed(registry: Registry) -> None:
    class Listener:
        @hookimpl
        def stopping(self) -> None: ...

        @hookimpl
        def cli_commands(self) -> list[click.Command]:
            return [click.Command("hello")]

    registry.register(Offers())
    registry.register(Listener(), "ears")
    offers, ears = registry.plugins
    assert (offers.name, offers.module) == ("Offers", "kit.offers.Offers")
    assert offers.offers["tables"] == ("memory", "other")
    assert (ears.events, ears.commands, ears.offers) == (("stopping",), ("hello",), {})
    assert [command.name for command in registry.commands] == ["hello"]


def test_the_same_plugin_twice_is_there_once(registry: Registry) -> None:
    plugin = Offers()
    registry.register(plugin)
    registry.register(plugin, "again")
    assert len(registry.plugins) == 1


def test_two_registries_know_nothing_of_each_other(registry: Registry) -> None:
    registry.register(Offers())
    assert dict(Registry(lambda *_: None).schedulers) == {}


def test_a_name_offered_twice_names_both_sides(registry: Registry) -> None:
    class Another:
        @hookimpl
        def schedulers(self) -> Mapping[str, Offer]:
            return {"mine": Offer(FirstSettings, first), "hash": Offer(FirstSettings, first)}

    registry.register(Offers(), "one")
    with pytest.raises(PluginError) as caught:
        registry.register(Another(), "two")
    told = str(caught.value)
    assert "plugin 'two' of " in told
    assert "Another: schedulers: 'hash' is offered by plugin 'one' of kit.offers.Offers" in told
    assert "mine" not in registry.schedulers, "a refused plugin leaves nothing behind"
    assert len(registry.plugins) == 1


def offering(hook: str, offers: object) -> object:
    def offered() -> object:
        if isinstance(offers, Exception):
            raise offers
        return offers

    plugin = type("Plugin", (), {})()
    setattr(plugin, hook, hookimpl(offered))
    return plugin


class TakesPort(Settings):
    port: int = 1


@pytest.mark.parametrize(
    ("hook", "offers", "message"),
    [
        ("schedulers", {"x": 5}, "'x' is not an Offer"),
        ("schedulers", {5: Offer(FirstSettings, first)}, "5 is not a name"),
        ("schedulers", {"a\n": Offer(FirstSettings, first)}, "is not a name"),
        ("schedulers", {"x": Offer(int, first)}, "not a model"),  # type: ignore[arg-type]
        ("schedulers", {"x": Offer(FirstSettings, 5)}, "cannot be called"),  # type: ignore[arg-type]
        ("schedulers", KeyError("k"), "KeyError: 'k'"),
        ("schedulers", [1], "AttributeError"),
        ("health_checks", {"x": Offer(TakesPort, check)}, "'port' belongs to the framework"),
        ("cli_commands", [5], "5 is not a click command"),
    ],
)
def test_a_wrong_offer_is_told(registry: Registry, hook: str, offers: object, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        registry.register(offering(hook, offers), "wrong")
    assert registry.plugins == ()


def test_a_hook_with_an_argument_that_it_has_not_is_told(registry: Registry) -> None:
    class Wrong:
        @hookimpl
        def pin_made(self, pool: str, colour: str) -> None: ...

    with pytest.raises(PluginError, match="colour"):
        registry.register(Wrong())


def test_a_class_instead_of_an_object_is_told(registry: Registry) -> None:
    with pytest.raises(PluginError, match="offer an instance"):
        registry.register(Offers)


def test_a_wrapper_is_told(registry: Registry) -> None:
    class Wraps:
        @hookimpl(wrapper=True)
        def stopping(self) -> Iterator[None]:
            yield

    with pytest.raises(PluginError, match="stopping: no hook here can be wrapped"):
        registry.register(Wraps())


def test_a_hook_that_does_not_exist_is_told_with_the_nearest(registry: Registry) -> None:
    class Typo:
        @hookimpl
        def exchange_finishd(self) -> None: ...

    class Newer:
        @hookimpl(optionalhook=True)
        def of_tomorrow(self) -> None: ...

    registry.register(Newer())
    registry.check_pending()
    registry.register(Typo(), "typo")
    with pytest.raises(PluginError, match="did you mean `exchange_finished`"):
        registry.check_pending()


# ---- events ----


def test_events_are_called_by_position_with_what_each_wants(
    registry: Registry, reports: Reports
) -> None:
    heard: list[object] = []

    class All:
        @hookimpl
        def pin_made(self, pool: str, server: str, client_ip: str) -> None:
            heard.append((pool, server, client_ip))

    class Some:
        @hookimpl
        def pin_made(self, client_ip: str, pool: str) -> None:
            heard.append((client_ip, pool))

    class Nothing:
        @hookimpl
        def pin_made(self) -> None:
            heard.append("nothing")

    for plugin in (All(), Some(), Nothing()):
        registry.register(plugin)
    for tell in registry.events("pin_made"):
        tell("web", "a", "10.0.0.1")
    assert sorted(heard, key=str) == [("10.0.0.1", "web"), ("web", "a", "10.0.0.1"), "nothing"]
    assert reports == []


def test_an_event_hook_that_raises_is_reported_by_name_and_breaks_nothing(
    registry: Registry, reports: Reports
) -> None:
    error = ValueError("no")

    class Breaks:
        @hookimpl
        def pin_made(self, pool: str, server: str, client_ip: str) -> None:
            raise error

        @hookimpl
        def health_changed(self, up: bool) -> None:
            raise error

    registry.register(Breaks(), "breaks")
    for tell in registry.events("pin_made"):
        tell("web", "a", "10.0.0.1")
    for tell in registry.events("health_changed"):
        tell("web", "a", False, "gone")
    assert reports == [("breaks", "pin_made", error), ("breaks", "health_changed", error)]


def test_nobody_listening_is_an_empty_tuple(registry: Registry) -> None:
    assert registry.events("started") == ()


@pytest.mark.parametrize("name", ["schedulers", "cli_commands", "no_such"])
def test_only_event_hooks_have_listeners(registry: Registry, name: str) -> None:
    with pytest.raises(ValueError, match="no event hook"):
        registry.events(name)


# ---- modules and entry points ----


def test_a_module_is_loaded_by_its_path(registry: Registry, modules: Path) -> None:
    (modules / "my_plugin.py").write_text(MODULE.format(name="own"))
    registry.load_module("my_plugin")
    registry.load_module("my_plugin")
    assert registry.schedulers["own"].plugin == "my_plugin"
    assert len(registry.plugins) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("x =", "SyntaxError"),
        ("x = 1", "nothing in it is marked"),
    ],
)
def test_a_module_that_is_no_plugin_is_told(
    registry: Registry, modules: Path, text: str | None, message: str
) -> None:
    if text is not None:
        (modules / "no_plugin.py").write_text(text)
    with pytest.raises(PluginError, match=message):
        registry.load_module("no_plugin")


def test_a_broken_entry_point_is_recorded_and_the_rest_loads(
    registry: Registry, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (modules / "plugin_one.py").write_text(MODULE.format(name="one"))
    (modules / "plugin_same.py").write_text(MODULE.format(name="one"))
    (modules / "plugin_two.py").write_text("raise RuntimeError('not today')")
    (modules / "plugin_three.py").write_text(MODULE.format(name="three"))
    entries = [
        entry_point("d", "plugin_three", "dist-d"),
        entry_point("c", "plugin_same", "dist-c"),
        entry_point("b", "plugin_two", "dist-b"),
        entry_point("a", "plugin_one", "dist-a"),
        entry_point("a", "plugin_missing", "dist-e"),
    ]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)
    registry.load_entry_points()
    assert [(loaded.name, loaded.distribution, loaded.version) for loaded in registry.plugins] == [
        ("a", "dist-a", "1.2"),
        ("d", "dist-d", "1.2"),
    ]
    assert [str(error) for error in registry.broken] == [
        "plugin 'a' of dist-e 1.2: ModuleNotFoundError: No module named 'plugin_missing'",
        "plugin 'b' of dist-b 1.2: RuntimeError: not today",
        "plugin 'c' of dist-c 1.2: schedulers: "
        "'one' is offered by plugin 'a' of dist-a 1.2 already",
    ]


def test_one_name_for_two_plugins_is_told(
    registry: Registry, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (modules / "plugin_one.py").write_text(MODULE.format(name="one"))
    (modules / "plugin_two.py").write_text(MODULE.format(name="two"))
    entries = [entry_point("a", "plugin_one", "dist-a"), entry_point("a", "plugin_two", "dist-b")]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)
    registry.load_entry_points()
    assert [str(error) for error in registry.broken] == [
        "plugin 'a' of dist-b 1.2: a plugin of that name is there already, of dist-a 1.2"
    ]


def test_the_plugins_in_the_box_load(registry: Registry) -> None:
    registry.load_entry_points()
    assert registry.broken == []
    registry.check_pending()
    assert "round_robin" in registry.schedulers
