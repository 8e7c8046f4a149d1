"""``pointsman run``: balance until a signal comes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

FORMATS = ["auto", "human", "json"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option(
    "--log-format",
    type=click.Choice(FORMATS),
    default="auto",
    show_default=True,
    help="Of the log on stderr; auto is human on a terminal, else json.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warn", "error", "critical"]),
    default="info",
    show_default=True,
)
@click.option("--pid-file", type=click.Path(dir_okay=False), help="Keep the process id here.")
@click.option(
    "--control",
    type=click.Path(dir_okay=False),
    help="Control socket, whatever the configuration says.",
)
def run(
    file: str, log_format: str, log_level: str, pid_file: str | None, control: str | None
) -> None:
    """Balance as the configuration FILE says.

    SIGTERM and SIGINT drain and stop, a second one stops at once. SIGHUP opens log
    files anew and lets it work by FILE as it is then.
    """
    from pointsman.app.running import CANNOT_START, Program, lean_reactor, raise_file_limit

    # Before anything else, as some modules of Twisted install a reactor of their choice.
    reactor = lean_reactor()

    from pointsman.app.access_log import AccessLogError
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.program_log import Unhurried, begin_logging
    from pointsman.app.service import service
    from pointsman.app.state_dir import StateDirError
    from pointsman.model.errors import ConfigError, TableError
    from pointsman.net.listener import ListenError

    log = begin_logging(log_format, level=log_level)
    raise_file_limit()
    try:
        made = service(file, reactor, control=control)
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)
    tell_problems(made.warnings, warnings=True)
    try:
        with _pid_in(pid_file):
            each_second = (log.catch_up,) if isinstance(log, Unhurried) else ()
            status = Program(reactor, made, each_second).run()
    except (ListenError, AccessLogError, StateDirError, TableError) as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(CANNOT_START)
    sys.exit(status)


@contextmanager
def _pid_in(path: str | None) -> Iterator[None]:
    if path is None:
        yield
        return
    try:
        with open(path, "w", encoding="ascii") as out:
            out.write(f"{os.getpid()}\n")
    except OSError as error:
        raise click.UsageError(f"--pid-file {path}: {error.strerror}") from None
    try:
        yield
    finally:
        if os.path.exists(path):
            os.unlink(path)
