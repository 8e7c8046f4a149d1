"""``pointsman rules bench``: what rules cost."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pointsman_rules.commands.test import ENGINES, PATH
from pointsman_rules.lab.measuring import measure
from pointsman_rules.lab.playing import scenario_files
from pointsman_rules.limits import Engine


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option("--times", default=2000, show_default=True, help="How often each case is played.")
@click.option("--engine", type=ENGINES, help="Measure this Lua, whatever the scenarios say.")
def bench(paths: tuple[Path, ...], times: int, engine: Engine | None) -> None:
    """Tell CPU time and Lua instructions of each event, over scenarios that are played."""
    for file in (file for path in paths for file in scenario_files(path)):
        try:
            costs = measure(file, times, engine)
        except ValueError as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        for cost in costs:
            click.echo(
                f"{file.name:32} {cost.event:18} {cost.microseconds:8.1f} us"
                f" {cost.instructions:8.0f} instructions"
            )
