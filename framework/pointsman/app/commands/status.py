"""``pointsman status``: what runs, and how it is."""

from __future__ import annotations

import json
import sys
import time

import click

from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)


@click.command()
@config_argument
@click.option("--watch", is_flag=True, help="Show it again and again, until Ctrl-C.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="With --watch: seconds between two looks.",
)
@control_option
@json_option
def status(config: str, watch: bool, every: float, control: str | None, as_json: bool) -> None:
    """Show the services, pools and servers of the pointsman that runs by CONFIG.

    With --json --watch it is one object a line. Exit status: 0 done, 9 no pointsman runs by it.
    """
    with reached(config, control) as running:
        if as_json:
            _tell(running.ask("status"), None if watch else 2)
            while watch:
                time.sleep(every)
                _tell(running.ask("status"), None)
            return

        from rich.console import Console
        from rich.live import Live

        from pointsman.app.commands.status_tables import tables

        console = Console(width=None if sys.stdout.isatty() else 200)
        if not watch:
            console.print(tables(running.ask("status")))
            return
        try:
            with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
                while True:
                    live.update(tables(running.ask("status")), refresh=True)
                    time.sleep(every)
        except KeyboardInterrupt:
            return


def _tell(told: object, indent: int | None) -> None:
    click.echo(json.dumps(told, indent=indent))
