"""What commands share that change the configuration of what runs, and tell what has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click


def seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float:
    """Read a duration as in the configuration, such as 60s or 5m; 0.0 if there is none.

    Raises:
        click.BadParameter: it is none, or not between a second and a day.
    """
    from pointsman.app.control.verbs import MOST_SECONDS
    from pointsman.model.units import parse_duration

    if value is None:
        return 0.0
    try:
        found = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if not 1.0 <= found <= MOST_SECONDS:
        raise click.BadParameter("expected between 1s and 24h")
    return found


def tell_plan(
    told: Mapping[str, Any], as_json: bool, words: str = "revision {} is in force"
) -> None:
    """Print the answer that tells what has changed, or would.

    Args:
        told: of the verbs reload, undo and check.
        as_json: as it is.
        words: for the last line, with a place for the number of the revision.
    """
    from pointsman.app.commands.telling import tell_problems
    from pointsman.model.errors import Problem

    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    tell_problems([Problem(**each) for each in told["warnings"]], warnings=True)
    for change in told["changes"]:
        click.echo(change)
    number = len(told["changes"])
    what = f"{number} change{'' if number == 1 else 's'}" if number else "nothing has changed"
    click.echo(f"{words.format(told['revision'])}, {what}")
