"""What commands share that speak to a running pointsman: how it is found, what goes wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

REFUSED = 3
UNREACHABLE = 9


def config_argument(command: F) -> F:
    """The configuration file that a pointsman runs by."""
    return click.argument("config", type=click.Path(dir_okay=False))(command)


def control_option(command: F) -> F:
    """Where it is reached, if the configuration does not tell."""
    return click.option(
        "--control",
        type=click.Path(dir_okay=False),
        help="Its control socket, if the configuration does not tell.",
    )(command)


def json_option(command: F) -> F:
    """JSON instead of words."""
    return click.option("--json", "as_json", is_flag=True, help="As JSON.")(command)


def place_of(config: str, control: str | None) -> Path | None:
    """Where the pointsman that runs by a configuration is reached, None if it does not tell.

    What else stands there is not looked at. Ends the program if it cannot be read.
    """
    from pointsman.app.commands.telling import tell_problems
    from pointsman.config.control_place import find_control_place
    from pointsman.model.errors import ConfigError

    if control is not None:
        return Path(control).absolute()
    try:
        return find_control_place(config)
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)


@contextmanager
def reached(config: str, control: str | None, patience: float | None = 120.0) -> Iterator[Any]:
    """What runs by a configuration (app.control.asking.Asker).

    Whatever goes wrong is told, and the program ended with the exit status that says it.
    """
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.control import lines
    from pointsman.app.control.asking import AskedInVain, Asker, UnreachableError

    place = place_of(config, control)
    if place is None:
        click.echo(
            f"pointsman: {config} tells of no control socket: it needs `control: "
            "{socket: PATH}` or a `state_dir`, or give --control PATH",
            err=True,
        )
        sys.exit(UNREACHABLE)
    try:
        asker = Asker(place, patience)
        try:
            yield asker
        finally:
            asker.close()
    except UnreachableError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(UNREACHABLE)
    except AskedInVain as error:
        if error.kind == lines.CONFIGURATION:
            tell_problems(error.problems)
            sys.exit(1)
        if error.kind in (lines.UNKNOWN, lines.BAD_REQUEST):
            raise click.UsageError(str(error)) from None
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(REFUSED)
