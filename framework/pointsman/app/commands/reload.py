"""``pointsman reload``: let what runs work by its configuration file as it is now."""

from __future__ import annotations

import os

import click

from pointsman.app.commands.changing import seconds, tell_plan
from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)


@click.command()
@config_argument
@click.option(
    "--confirm",
    callback=seconds,
    metavar="DURATION",
    help="Go back after this, such as 60s, unless `pointsman confirm` comes before.",
)
@control_option
@json_option
def reload(config: str, confirm: float, control: str | None, as_json: bool) -> None:
    """Let the pointsman that runs by CONFIG read it anew, and say what has changed.

    It happens as a whole or not at all. Exit status: 0 it is in force, 1 the configuration has
    errors, 3 an address or a file cannot be had, 9 no pointsman runs by it. With any but 0
    nothing has changed.
    """
    with reached(config, control, patience=None) as running:
        told = running.ask("reload", file=os.path.abspath(config), confirm=confirm)
    tell_plan(told, as_json)
    if confirm and not as_json:
        click.echo(f"it goes back in {confirm:g}s unless somebody says: pointsman confirm {config}")


@click.command()
@config_argument
@control_option
def confirm(config: str, control: str | None) -> None:
    """Say that the last reload is good, so that it does not go back by itself.

    Exit status: 0 it stays, 3 nothing waits to be confirmed, 9 no pointsman runs by CONFIG.
    """
    with reached(config, control) as running:
        told = running.ask("confirm", file=os.path.abspath(config))
    click.echo(f"revision {told['revision']} stays")
