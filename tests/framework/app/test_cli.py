"""The command line as a whole: version, help, commands of plugins."""

import types

import click
import pytest
from click.testing import CliRunner

from kit.child_programs import pointsman
from pointsman.app import loading
from pointsman.app.build_kind import build_kind
from pointsman.app.cli import main
from pointsman.config.registry import Registry
from pointsman.hookspecs import hookimpl


def test_python_m_pointsman_is_the_same_program() -> None:
    with pointsman("--version") as program:
        assert program.wait() == 0
        assert program.output == f"pointsman, version 0.1.0 ({build_kind()})\n"


def test_help_names_every_command_and_every_exit_status() -> None:
    told = CliRunner().invoke(main, ["-h"]).stdout
    for word in ("run", "check", "schema", "plugins", "demo", "Exit status"):
        assert word in told


def test_plugins_add_commands_but_take_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def greet() -> None:
        click.echo("hello from a plugin")

    plugin = types.ModuleType("greeting")
    plugin.cli_commands = hookimpl(  # type: ignore[attr-defined]
        lambda: [greet, click.Command("check", callback=lambda: click.echo("stolen"))]
    )

    def registry_with() -> Registry:
        registry = Registry(lambda *report: None)
        registry.register(plugin)
        return registry

    monkeypatch.setattr(loading, "registry_with", registry_with)
    assert CliRunner().invoke(main, ["greet"]).stdout == "hello from a plugin\n"
    assert "greet" in CliRunner().invoke(main, ["--help"]).stdout
    assert CliRunner().invoke(main, ["check"]).exit_code == 2  # ours, which wants a file
