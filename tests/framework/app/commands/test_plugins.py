"""``pointsman plugins``: what is loaded, and what is broken."""

import json

from click.testing import CliRunner

from pointsman.app.cli import main


def test_it_shows_what_each_plugin_offers_and_where_it_comes_from() -> None:
    result = CliRunner().invoke(main, ["plugins"])
    assert result.exit_code == 0
    assert "pointsman 0.1.0" in result.stdout
    assert "round_robin" in result.stdout


def test_the_same_as_json() -> None:
    told = json.loads(CliRunner().invoke(main, ["plugins", "--json"]).stdout)
    assert told["broken"] == []
    by_name = {plugin["name"]: plugin for plugin in told["plugins"]}
    assert "source_ip" in by_name["persistence"]["offers"]["persistences"]
    assert "memory" in by_name["persistence"]["offers"]["tables"]


def test_a_module_that_is_no_plugin_is_an_error() -> None:
    result = CliRunner().invoke(main, ["plugins", "--module", "json"])
    assert result.exit_code == 1
    assert "nothing in it is marked" in result.stderr
