"""``pointsman demo lync``: a whole site is built, used and broken, step by step."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pointsman.model.units import parse_duration

_STAYS = 60.0


def _seconds(_: click.Context, __: click.Parameter, given: str | None) -> float | None:
    if given is None:
        return None
    try:
        return float(given) if given.replace(".", "", 1).isdigit() else parse_duration(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option(
    "--for",
    "seconds",
    metavar="DURATION",
    callback=_seconds,
    help="How long the site stays up after the last step, such as 90s or 10m.  [default: 60s]",
)
@click.option("--fast", is_flag=True, help="No time to read between steps, and --for 0s.")
@click.option(
    "--lab",
    type=click.Path(file_okay=False),
    help="Only make the certificates in this folder and run the front ends, until Ctrl-C.",
)
def lync(seconds: float | None, fast: bool, lab: str | None) -> None:
    """Build the web services of a Lync site step by step, and look at each step whether it works.

    Two front ends, certificates, clients and the balancer all run on this machine, below 127/8. At
    the end nothing is left of them. Exit status: 0 all that was claimed was seen, 3 it cannot be
    started, 5 something was not seen, 130 stopped by a signal.
    """
    from rich.console import Console

    from pointsman.app.demo.lync.play import play
    from pointsman.app.demo.lync.rehearsal import rehearse
    from pointsman.app.demo.lync.stage import StageError
    from pointsman.app.demo.lync.telling import WIDEST
    from pointsman.app.running import CANNOT_START

    # Where no terminal says how wide it is.
    console = Console(width=None if sys.stdout.isatty() else WIDEST)
    stays = seconds if seconds is not None else 0.0 if fast else _STAYS
    try:
        if lab is not None:
            status = rehearse(console, Path(lab))
        else:
            status = play(console, fast=fast, seconds=stays)
    except (StageError, OSError) as error:
        click.echo(f"pointsman: {error}", err=True)
        status = CANNOT_START
    sys.exit(status)
