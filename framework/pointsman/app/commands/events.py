"""``pointsman events``: what has happened to servers, services and the rest while it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)

_COLOURS = {"up": "green", "down": "red", "ejected": "red"}


@click.command()
@config_argument
@click.option(
    "--limit", type=click.IntRange(1, 2000), default=50, show_default=True, help="The last ones."
)
@click.option("--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="With --follow: seconds between two looks.",
)
@control_option
@json_option
def events(
    config: str, limit: int, follow: bool, every: float, control: str | None, as_json: bool
) -> None:
    """Show what has happened since the pointsman that runs by CONFIG was started, oldest first.

    Changes of the states of servers and services with their reasons, weights and pins that were
    changed by command, and configurations that came into force. The last 2000 are remembered.
    With --json it is one object a line. Exit status: 0 done, 9 no pointsman runs by it.
    """
    with reached(config, control) as running:
        told = running.ask("events", most=limit)
        _tell(told, as_json)
        try:
            while follow:
                time.sleep(every)
                told = running.ask("events", after=told["last"])
                _tell(told, as_json)
        except KeyboardInterrupt:
            return


def _tell(told: Mapping[str, Any], as_json: bool) -> None:
    for each in told["events"]:
        click.echo(json.dumps(each) if as_json else _in_words(each))


def _in_words(event: Mapping[str, Any]) -> str:
    """A line such as ``2026-11-25 10:40:37 server web/a: up -> down (health): refused``."""
    when = datetime.fromtimestamp(event["time"]).strftime("%Y-%m-%d %H:%M:%S")
    what = f"{event['what']} {event['name']}".rstrip()
    now = click.style(event["now"], fg=_COLOURS.get(event["now"]))
    change = f"{event['before']} -> {now}" if event["before"] else now
    by = f" ({event['by']})" if event["by"] else ""
    reason = f": {event['reason']}" if event["reason"] else ""
    return f"{when} {what}: {change}{by}{reason}"
