"""``pointsman reload``: let what runs work by its configuration file as it is now."""

from __future__ import annotations

import json
import os

import click

from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)


@click.command()
@config_argument
@control_option
@json_option
def reload(config: str, control: str | None, as_json: bool) -> None:
    """Let the pointsman that runs by CONFIG read it anew, and say what has changed.

    It happens as a whole or not at all. Exit status: 0 it is in force, 1 the configuration has
    errors, 3 an address or a file cannot be had, 9 no pointsman runs by it. With any but 0
    nothing has changed.
    """
    from pointsman.app.commands.telling import tell_problems
    from pointsman.model.errors import Problem

    with reached(config, control, patience=None) as running:
        told = running.ask("reload", file=os.path.abspath(config))
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    tell_problems([Problem(**each) for each in told["warnings"]], warnings=True)
    for change in told["changes"]:
        click.echo(change)
    number = len(told["changes"])
    what = f"{number} change{'' if number == 1 else 's'}" if number else "nothing has changed"
    click.echo(f"revision {told['revision']} is in force, {what}")
