"""``pointsman history`` and ``undo``: what was in force before, and the way back to it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from pointsman.app.commands.changing import tell_plan
from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)


@click.command()
@config_argument
@click.option("--show", type=int, metavar="N", help="Print the files of revision N instead.")
@control_option
@json_option
def history(config: str, show: int | None, control: str | None, as_json: bool) -> None:
    """Show the configurations that were in force, the last one first.

    While nothing runs by CONFIG they are read from its `state_dir`. Exit status: 0 done, 3 there is
    no revision N, 9 no pointsman runs by CONFIG and none are kept.
    """
    from pointsman.app.commands.kept import kept_alone

    alone = kept_alone(config, control)
    if alone is not None:
        told = alone.told(show)
    else:
        with reached(config, control) as running:
            told = running.ask("history", number=show)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    if show is not None:
        for number, file in enumerate(told["files"]):
            if len(told["files"]) > 1:
                click.echo(f"{chr(10) if number else ''}# {file['name']}")
            click.echo(file["text"], nl=False)
        return
    for revision in reversed(told["revisions"]):
        for line in _lines(revision, told):
            click.echo(line)


def _lines(revision: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(revision["at"]))
    by = revision["by"]
    if revision["restores"]:
        by += f" (files of revision {revision['restores']})"
    count = revision["count"]
    line = f"{revision['number']:>4}  {at}  {by}, {count} change{'' if count == 1 else 's'}"
    if revision["number"] == told["revision"]:
        line += ", in force"
        line += " until it is confirmed or goes back" if told["unconfirmed"] else ""
    yield line
    for change in revision["changes"]:
        yield f"      {change}"
    if more := count - len(revision["changes"]):
        yield f"      and {more} more"


@click.command()
@config_argument
@click.option("--to", type=int, metavar="N", help="Number of the revision; else the one before.")
@click.option("--force", is_flag=True, help="Overwrite what was changed by hand since.")
@control_option
@json_option
def undo(config: str, to: int | None, force: bool, control: str | None, as_json: bool) -> None:
    """Put the files of an earlier revision back, and let what runs work by them.

    Both is done or neither. A reload that waits to be confirmed goes back at once. Exit status:
    0 it is in force, 1 that configuration has errors now, 3 a file was changed since or cannot be
    written, or there is no such revision, 9 no pointsman runs by CONFIG. While none does, the files
    alone are put back if revisions are kept in its `state_dir`.
    """
    from pointsman.app.commands.kept import kept_alone

    alone = kept_alone(config, control)
    if alone is not None:
        number = alone.put_back(to, force)
        told = {"revision": number, "changes": [], "warnings": []}
        if as_json:
            click.echo(json.dumps(told, indent=2))
        else:
            click.echo(f"the files of revision {number} are back; nothing runs by them")
        return
    with reached(config, control, patience=None) as running:
        told = running.ask("undo", file=os.path.abspath(config), to=to, force=force)
    tell_plan(told, as_json)
