"""``pointsman pins``: seeing and steering pins, of what runs or in files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeVar

import click

from pointsman.app.commands.controlling import config_argument, control_option, json_option
from pointsman.app.commands.pins_sources import Told, WrongPin, source

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def pins() -> None:
    """See and steer the pins of a running pointsman, or those in files while none runs.

    Run it as the user that runs pointsman. Which of the two it is stands on stderr. Exit status:
    0 done, 1 the configuration has errors, 3 the pins cannot be opened, or it cannot be done,
    8 nothing runs and it keeps no pins in files, 9 nothing runs by --control.
    """


def _pool(command: F) -> F:
    return click.option("--pool", default="", help="Of this pool only.")(command)


def _server(command: F) -> F:
    return click.option("--server", default="", help="Of clients of this server only.")(command)


def _unused(command: F) -> F:
    return click.option(
        "--unused-for", default="0s", help="Not used for so long, such as 10m.", callback=_duration
    )(command)


def _reveal(command: F) -> F:
    return click.option(
        "--reveal", is_flag=True, help="Show secrets such as the values of cookies."
    )(command)


def _duration(context: click.Context, option: click.Parameter, text: str) -> float:
    from pointsman.model.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@pins.command("list")
@config_argument
@_pool
@_server
@_unused
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--after", default="", help="The next page: what the page before said.")
@_reveal
@control_option
@json_option
def list_(
    config: str,
    pool: str,
    server: str,
    unused_for: float,
    limit: int,
    after: str,
    reveal: bool,
    control: str | None,
    as_json: bool,
) -> None:
    """Show the pins of the configuration CONFIG, page by page."""
    with source(config, control, pool) as pins:
        _show(pins.page(limit, after, reveal, pool=pool, server=server, unused=unused_for), as_json)


@pins.command()
@config_argument
@click.argument("client")
@_pool
@_reveal
@control_option
@json_option
def find(
    config: str, client: str, pool: str, reveal: bool, control: str | None, as_json: bool
) -> None:
    """Show the pins of CLIENT: its address, the value of its cookie, or the digest of a pin."""
    with source(config, control, pool) as pins:
        found = pins.find(reveal, pool=pool, client=client)
        _show(found, as_json)
    if not found["pins"] and not as_json:
        click.echo(f"no pin of {client}", err=True)


@pins.command()
@config_argument
@_pool
@control_option
@json_option
def count(config: str, pool: str, control: str | None, as_json: bool) -> None:
    """Show how many pins each server has."""
    with source(config, control, pool) as pins:
        counts = pins.counts(pool)
    if as_json:
        click.echo(json.dumps(counts))
        return
    for name, servers in counts.items():
        for server, number in sorted(servers.items()):
            click.echo(f"{name}/{server}: {number}")


@pins.command()
@config_argument
@click.argument("client", required=False, default="")
@_pool
@_server
@_unused
@click.option("--all", "everything", is_flag=True, help="All pins that the options leave.")
@control_option
def drop(
    config: str,
    client: str,
    pool: str,
    server: str,
    unused_for: float,
    everything: bool,
    control: str | None,
) -> None:
    """Forget the pins of CLIENT, or those that the options name."""
    if not (client or server or unused_for or everything):
        raise click.UsageError("say whose pins: a client, --server, --unused-for or --all")
    with source(config, control, pool) as pins:
        number = pins.drop(pool=pool, server=server, client=client, unused=unused_for)
    click.echo(f"{number} pin{'' if number == 1 else 's'} dropped")


@pins.command()
@config_argument
@click.argument("client", required=False, default="")
@_pool
@_server
@click.option("--to", required=True, help="The server that they belong to from now on.")
@control_option
def move(config: str, client: str, pool: str, server: str, to: str, control: str | None) -> None:
    """Give the pins of CLIENT, or of all clients of a server, to another server."""
    if not (client or server):
        raise click.UsageError("say whose pins: a client, or --server")
    with source(config, control, pool) as pins:
        number = pins.move(to, pool=pool, server=server, client=client)
    click.echo(f"{number} pin{'' if number == 1 else 's'} moved")


@pins.command()
@config_argument
@control_option
def expire(config: str, control: str | None) -> None:
    """Forget what is over its time and still takes up room."""
    with source(config, control) as pins:
        number = pins.expire()
    click.echo(f"{number} pins were over their time")


@pins.command()
@config_argument
@_pool
@_server
@click.option("--output", type=click.File("w"), default="-", help="A file instead of stdout.")
@control_option
def export(config: str, pool: str, server: str, output: IO[str], control: str | None) -> None:
    """Write pins out, one JSON object a line. The values of cookies are in it."""
    with source(config, control, pool) as pins:
        for part in pins.export(pool=pool, server=server):
            output.writelines(json.dumps(record) + "\n" for record in part)


@pins.command("import")
@config_argument
@click.argument("file", type=click.File("r"), default="-")
@control_option
def import_(config: str, file: IO[str], control: str | None) -> None:
    """Read pins that were written by export, from FILE or stdin; those that are there give way."""
    unread: list[str] = []
    with source(config, control) as pins:
        try:
            taken, over = pins.take_in(_records(file, unread))
        except WrongPin as error:
            _end_import(error.taken + error.over + 1, str(error), error.taken)
    if unread:
        _end_import(taken + over + 1, unread[0], taken)
    click.echo(f"{taken} pins read, {over} were over their time")


def _records(file: IO[str], unread: list[str]) -> Iterator[Told]:
    """What the lines say, up to the first that says nothing of the kind; why goes to ``unread``."""
    for line in file:
        try:
            record = json.loads(line)
        except ValueError as error:
            unread.append(str(error))
            return
        if not isinstance(record, dict):
            unread.append("a pin is a JSON object")
            return
        yield record


def _end_import(line: int, words: str, taken: int) -> None:
    click.echo(f"pointsman: line {line}: {words}; {taken} pins read", err=True)
    sys.exit(2)


def _show(told: Told, as_json: bool) -> None:
    from pointsman.model.units import format_duration

    if as_json:
        click.echo(json.dumps(told))
        return
    for pin in told["pins"]:
        age, unused = (format_duration(float(int(pin[each]))) for each in ("age", "unused"))
        click.echo(
            f"{pin['pool']} {pin['kind']} {pin['client']} -> {pin['server']}, {age} old, "
            f"unused for {unused}"
        )
    if told["after"]:
        click.echo(f"more: --after {told['after']}", err=True)
