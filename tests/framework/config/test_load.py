"""A file becomes a configuration, or everything that is wrong with it at once."""

import re
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kit.offers import Offers, registry_of
from pointsman.config.load import Configuration, load, load_mapping, load_text
from pointsman.config.schema import AccessLogSection, Document
from pointsman.config.schema_health import TimingSection
from pointsman.config.schema_pool import PoolSection, ServerSection
from pointsman.config.schema_service import ServiceSection
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError, Problem

GOOD = """\
version: 1
pools:
  web: # the web
    servers: {a: 127.0.0.1:8001, b: 127.0.0.1:8002}
virtual_services:
  site: {listen: 127.0.0.1:8080, pool: web}
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(GOOD)
    found = load(path, registry_of())
    assert list(found.settings.pools["web"].servers) == ["a", "b"]
    assert found.warnings == ()
    assert found.sources[0].text == GOOD
    assert str(found.positions.of(("pools", "web", "servers", "b"))) == f"{path}:4:37"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "no.yaml", registry_of())
    assert str(caught.value) == f"{tmp_path}/no.yaml: cannot read it: No such file or directory"


def test_a_file_and_a_mapping_give_the_same() -> None:
    mapping = {
        "version": 1,
        "pools": {"web": {"servers": {"a": "127.0.0.1:8001", "b": "127.0.0.1:8002"}}},
        "virtual_services": {"site": {"listen": "127.0.0.1:8080", "pool": "web"}},
    }
    registry = registry_of()
    found = load_mapping(mapping, registry)
    assert found.settings == load_text(GOOD, "f", registry).settings
    assert found.sources == ()


def test_mistakes_in_a_mapping_have_keys_but_no_lines() -> None:
    with pytest.raises(ConfigError) as caught:
        load_mapping({"version": 1, "pool": {}, "include": "x", 5: 6}, registry_of(), name="mine")  # type: ignore[dict-item]
    assert [str(problem) for problem in caught.value.problems] == [
        "mine: a key must be text, got 5",
        "mine: include: only a file can include others",
        "mine: pool: this key is not known here (did you mean `pools`?)",
    ]


def test_a_mapping_writes_units_as_well() -> None:
    with pytest.raises(ConfigError, match="expected a duration with its unit"):
        load_mapping({"version": 1, "resolver": {"interval": 60.0}}, registry_of())


def test_suspicious_things_are_warnings_in_the_order_of_the_file() -> None:
    text = """\
version: 1
include: [no-such-*.yaml]
pools:
  unused:
    servers:
      a: 127.0.0.1:1
      b: 127.0.0.1:1
virtual_services:
  s: {listen: '*:80', pool: {servers: {a: {endpoint: 'tcp:h:1'}, b: {endpoint: 'tcp:h:1'}}}}
"""
    found = load_text(text, "f", registry_of())
    assert [str(warning) for warning in found.warnings] == [
        "f:2:11: include: no file matches 'no-such-*.yaml'",
        "f:4:3: pools.unused: no virtual service uses this pool",
        "f:7:7: pools.unused.servers.b: the same address as server 'a', so it gets two shares",
        "f:9:66: virtual_services.s.pool.servers.b: "
        "the same address as server 'a', so it gets two shares",
    ]


def test_plugins_named_in_the_file_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin_of_this_file.py").write_text(
        "from pointsman.contracts import Offer, Settings\n"
        "from pointsman.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def schedulers():\n"
        "    return {'own': Offer(Settings, lambda settings, around: object())}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = "plugins: [plugin_of_this_file]\n" + GOOD.replace(
        "  web: # the web\n", "  web:\n    scheduling: own\n"
    )
    registry = registry_of()
    assert load_text(text, "f", registry).settings.pools["web"].scheduling.name == "own"
    assert load_text(text, "f", registry).settings.pools["web"].scheduling.name == "own"


def test_a_plugin_that_wants_another_module_is_not_called_missing_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin_that_wants.py").write_text("import not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name, hint in (("plugin_that_wants", ""), ("plug.nowhere", "it must be installed, or on")):
        text = f"plugins: [{name}]\n{GOOD}"
        (problem, *_) = problems_of(partial(load_text, text, "f", registry_of()))
        assert "ModuleNotFoundError: No module named" in problem.message
        assert problem.hint[:26] == hint[:26]


def test_a_plugin_with_an_unknown_hook_is_told() -> None:
    class Typo:
        @hookimpl
        def stoping(self) -> None: ...

    with pytest.raises(ConfigError, match="there is no hook 'stoping'; did you mean `stopping`"):
        load_text("version: 1\nplugins: []\n", "f", registry_of(Offers(), Typo()))


def test_a_section_without_lines_is_as_good_as_none() -> None:
    found = load_text("version: 1\npools:\n#  a: b\ninclude:\naccess_log:\n", "f", registry_of())
    assert found.settings == Document()


def test_what_the_file_says_survives_being_read(tmp_path: Path) -> None:
    document = load_text(GOOD, "f", registry_of()).sources[0].document()
    document["pools"]["web"]["servers"]["c"] = "127.0.0.1:8003"
    out = StringIO()
    YAML(typ="rt").dump(document, out)
    assert out.getvalue() == GOOD.replace("8002}", "8002, c: 127.0.0.1:8003}")


# ---- anything at all ----

MODELS = (Document, PoolSection, ServiceSection, TimingSection, ServerSection, AccessLogSection)
OTHER_WORDS = (
    "a", "idle", "body", "kind", "none", "hash", "header", "pins", "table", "memory", "file",
    "via", "trusted_proxies", "x_forwarded", "size", "inner", "inners", "depth",
)  # fmt: skip
WORDS = st.sampled_from([*(key for model in MODELS for key in model.model_fields), *OTHER_WORDS])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | WORDS
    | st.sampled_from(["127.0.0.1:80", "*:80", "h:0", "9s", "20", "64KiB", "tcp", "http", "off"])
    | st.text(max_size=5)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)
SERVERS = st.dictionaries(WORDS, VALUES, max_size=3)
POOLS = st.fixed_dictionaries(
    {"servers": SERVERS | VALUES},
    optional={"scheduling": VALUES, "persistence": VALUES, "health": VALUES},
)
SERVICES = st.fixed_dictionaries(
    {"listen": VALUES, "pool": POOLS | VALUES},
    optional={"mode": VALUES, "timeouts": VALUES, "limits": VALUES, "forwarding": VALUES},
)
CONFIGURATIONS = st.dictionaries(WORDS, VALUES, max_size=5) | st.fixed_dictionaries(
    {
        "version": st.just(1) | VALUES,
        "pools": st.dictionaries(WORDS, POOLS | VALUES, max_size=3) | VALUES,
        "virtual_services": st.dictionaries(WORDS, SERVICES | VALUES, max_size=3) | VALUES,
    },
    optional={"access_log": VALUES, "resolver": VALUES, "defaults": VALUES, "plugins": st.none()},
)
REGISTRY = registry_of()


def without_modules(mapping: dict[str, Any]) -> dict[str, Any]:
    """No module may be imported by chance, and no file be read."""
    return {key: value for key, value in mapping.items() if key not in ("plugins", "include")}


def problems_of(load: Callable[[], Configuration]) -> tuple[Problem, ...]:
    try:
        assert isinstance(load(), Configuration)
    except ConfigError as error:
        return error.problems
    return ()


@given(CONFIGURATIONS)
@settings(max_examples=150)
def test_any_mapping_is_a_configuration_or_a_list_of_problems(mapping: dict[str, Any]) -> None:
    for problem in problems_of(lambda: load_mapping(without_modules(mapping), REGISTRY)):
        assert problem.message
        assert "\n" not in str(problem)
        assert "pydantic" not in str(problem)


@given(CONFIGURATIONS)
@settings(max_examples=60)
def test_every_problem_of_any_file_lies_within_it(mapping: dict[str, Any]) -> None:
    out = StringIO()
    YAML(typ="safe", pure=True).dump(without_modules(mapping), out)
    lines = re.split(r"\r\n|\r|\n", out.getvalue())
    for problem in problems_of(lambda: load_text(out.getvalue(), "f", REGISTRY)):
        assert 1 <= problem.line <= len(lines), problem
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
