"""Every template is a configuration without an error, whatever sensible values it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.app.demo.lync.lab import PASSWORD, Lab
from pointsman.app.loading import registry_with
from pointsman.app.templating import Template, TemplateError, known_templates, template
from pointsman.config.build import Site, build
from pointsman.config.load import load_text


def built(text: str, folder: Path) -> Site:
    registry = registry_with(())
    loaded = load_text(text, str(folder / "x.yaml"), registry, {"PFX_PASSWORD": PASSWORD})
    return build(loaded, registry)


@pytest.mark.parametrize("each", known_templates(), ids=lambda each: each.name)
def test_it_is_a_configuration(each: Template, tmp_path: Path) -> None:
    Lab(tmp_path).make({"fe1": "127.0.0.41"})
    assert built(each.text({}), tmp_path).services
    assert each.parameters
    assert "{{" not in each.text({})


def test_the_templates_are_those_that_are_told_of() -> None:
    assert [each.name for each in known_templates()] == ["lync", "rdp", "tcp", "web"]


def test_values_take_the_place_of_defaults_and_lists_are_written_out(tmp_path: Path) -> None:
    text = template("web").text({"servers": "[::1]:81, 127.0.0.1:82,a.example:83", "name": "shop"})
    (pool,) = built(text, tmp_path).pools.values()
    assert pool.name == "shop-servers"
    assert [(each.name, each.server.place) for each in pool.members] == [
        ("server1", "[::1]:81"),
        ("server2", "127.0.0.1:82"),
        ("server3", "a.example:83"),
    ]


def test_the_same_list_may_be_written_out_in_several_places() -> None:
    text = template("lync").text({"front_ends": "192.0.2.1,192.0.2.2,192.0.2.3"})
    assert text.count('fe3: "192.0.2.3:') == 4


def test_what_is_unknown_is_named_with_what_may_be_meant() -> None:
    with pytest.raises(TemplateError, match="no template 'wbe'; did you mean `web`"):
        template("wbe")
    with pytest.raises(TemplateError, match="no parameter 'sever'; did you mean `servers`"):
        template("web").text({"sever": "x"})


@pytest.mark.parametrize("value", ["a\nb: c", "{x}", "a#b", "'", '"', "!tag", "&a", "|"])
def test_a_value_that_would_change_the_yaml_is_refused(value: str) -> None:
    with pytest.raises(TemplateError, match="cannot be written as it is"):
        template("web").text({"listen": value})
