"""``pointsman pins``: seeing and steering the pins that a configuration keeps in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

NO_PINS = 8


class _Opened(NamedTuple):
    """The pins of a configuration, and the names of the servers of its pools."""

    pins: Any
    servers: Mapping[str, tuple[str, ...]]


@click.group()
def pins() -> None:
    """See and steer pins that are kept in a file, while it is in use or not.

    Run it as the user that runs pointsman. Exit status: 0 done, 1 the configuration has errors,
    3 the pins cannot be opened, 8 it keeps no pins in files.
    """


def _config(command: F) -> F:
    return click.argument("config", type=click.Path(dir_okay=False))(command)


def _pool(command: F) -> F:
    return click.option("--pool", default="", help="Of this pool only.")(command)


def _server(command: F) -> F:
    return click.option("--server", default="", help="Of clients of this server only.")(command)


def _unused(command: F) -> F:
    return click.option(
        "--unused-for", default="0s", help="Not used for so long, such as 10m.", callback=_duration
    )(command)


def _json(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="As JSON.")(command)


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
@_config
@_pool
@_server
@_unused
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--after", default="", help="The next page: what the page before said.")
@_reveal
@_json
def list_(
    config: str,
    pool: str,
    server: str,
    unused_for: float,
    limit: int,
    after: str,
    reveal: bool,
    as_json: bool,
) -> None:
    """Show the pins of the configuration CONFIG, page by page."""
    from pointsman.app.pins import Wanted
    from pointsman.config.steps import at_once

    with _opened(config, pool) as opened:
        try:
            page = at_once(opened.pins.page(Wanted(pool, server, "", unused_for), limit, after))
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        _show(page.pins, reveal, as_json, page.after)


@pins.command()
@_config
@click.argument("client")
@_pool
@_reveal
@_json
def find(config: str, client: str, pool: str, reveal: bool, as_json: bool) -> None:
    """Show the pins of CLIENT: its address, the value of its cookie, or the digest of a pin."""
    from pointsman.app.pins import Wanted

    with _opened(config, pool) as opened:
        found = [pin for part in opened.pins.slices(Wanted(pool, client=client)) for pin in part]
        _show(found, reveal, as_json)


@pins.command()
@_config
@_pool
@_json
def count(config: str, pool: str, as_json: bool) -> None:
    """Show how many pins each server has."""
    from pointsman.app.pins import Wanted

    with _opened(config, pool) as opened:
        counts = opened.pins.counts(Wanted(pool))
    if as_json:
        click.echo(json.dumps(counts))
        return
    for name, servers in counts.items():
        for server, number in sorted(servers.items()):
            click.echo(f"{name}/{server}: {number}")


@pins.command()
@_config
@click.argument("client", required=False, default="")
@_pool
@_server
@_unused
@click.option("--all", "everything", is_flag=True, help="All pins that the options leave.")
def drop(
    config: str, client: str, pool: str, server: str, unused_for: float, everything: bool
) -> None:
    """Forget the pins of CLIENT, or those that the options name."""
    from pointsman.app.pins import Wanted
    from pointsman.config.steps import at_once

    if not (client or server or unused_for or everything):
        raise click.UsageError("say whose pins: a client, --server, --unused-for or --all")
    with _opened(config, pool) as opened:
        number = at_once(opened.pins.drop(Wanted(pool, server, client, unused_for)))
    click.echo(f"{number} pins dropped")


@pins.command()
@_config
@click.argument("client", required=False, default="")
@_pool
@_server
@click.option("--to", required=True, help="The server that they belong to from now on.")
def move(config: str, client: str, pool: str, server: str, to: str) -> None:
    """Give the pins of CLIENT, or of all clients of a server, to another server."""
    from pointsman.app.pins import Wanted
    from pointsman.config.steps import at_once

    if not (client or server):
        raise click.UsageError("say whose pins: a client, or --server")
    with _opened(config, pool) as opened:
        able = [name for name in opened.pins.pools if to in opened.servers[name]]
        if pool:
            able = [name for name in able if name == pool]
        if not able:
            raise click.UsageError(f"no server is called {to!r} here")
        number = sum(at_once(opened.pins.move(Wanted(name, server, client), to)) for name in able)
    click.echo(f"{number} pins moved")


@pins.command()
@_config
def expire(config: str) -> None:
    """Forget what is over its time and still takes up room."""
    from pointsman.config.steps import at_once

    with _opened(config) as opened:
        number = at_once(opened.pins.expire())
    click.echo(f"{number} pins were over their time")


@pins.command()
@_config
@_pool
@_server
@click.option("--output", type=click.File("w"), default="-", help="A file instead of stdout.")
def export(config: str, pool: str, server: str, output: IO[str]) -> None:
    """Write pins out, one JSON object a line. The values of cookies are in it."""
    from pointsman.app.pins import Wanted

    with _opened(config, pool) as opened:
        for part in opened.pins.export(Wanted(pool, server)):
            output.writelines(json.dumps(record) + "\n" for record in part)


@pins.command("import")
@_config
@click.argument("file", type=click.File("r"), default="-")
def import_(config: str, file: IO[str]) -> None:
    """Read pins that were written by export, from FILE or stdin; those that are there give way."""
    taken = over = 0
    with _opened(config) as opened:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("a pin is a JSON object")
                if opened.pins.take_in(record):
                    taken += 1
                else:
                    over += 1
            except ValueError as error:
                click.echo(f"pointsman: line {number}: {error}; {taken} pins read", err=True)
                sys.exit(2)
    click.echo(f"{taken} pins read, {over} were over their time")


@contextmanager
def _opened(config: str, pool: str = "") -> Iterator[_Opened]:
    """The pins that this configuration keeps in files, opened without a reactor."""
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.loading import configuration_of, registry_with
    from pointsman.app.pins import Pins
    from pointsman.app.running import CANNOT_START
    from pointsman.config.build import build
    from pointsman.model.errors import ConfigError, TableError

    registry = registry_with()
    try:
        site = build(configuration_of(config, registry), registry)
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)
    try:
        if pool and pool not in site.pools:
            raise click.UsageError(f"there is no pool {pool!r}; there are {', '.join(site.pools)}")
        pinnings = {name: it.pinning for name, it in site.pools.items() if it.pinning is not None}
        opened = Pins(pinnings, only_lasting=True)
        if not opened.pools:
            click.echo(f"pointsman: {config} keeps no pins in files", err=True)
            sys.exit(NO_PINS)
        if site.state_dir is not None and not site.state_dir.exists():
            click.echo(f"pointsman: nothing was kept in {site.state_dir} yet", err=True)
            sys.exit(NO_PINS)
        for table in site.tables:
            if table.outlives:
                table.start(None)
        names = {
            name: tuple(member.name for member in it.members) for name, it in site.pools.items()
        }
        yield _Opened(opened, names)
    except TableError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(CANNOT_START)
    finally:
        for table in site.tables:
            table.close()


def _show(found: Sequence[Any], reveal: bool, as_json: bool, after: str = "") -> None:
    from pointsman.model.units import format_duration

    def key(pin: Any) -> str:
        return str(pin.readable() if reveal and pin.shown.startswith("#") else pin.shown)

    if as_json:
        told = [
            {
                "pool": pin.pool, "kind": pin.kind, "client": key(pin), "server": pin.server,
                "age": round(pin.age, 3), "unused": round(pin.unused, 3),
                "left": round(pin.left, 3),
            }
            for pin in found
        ]  # fmt: skip
        click.echo(json.dumps({"pins": told, "after": after}))
        return
    for pin in found:
        age, unused = (format_duration(float(int(time))) for time in (pin.age, pin.unused))
        click.echo(
            f"{pin.pool} {pin.kind} {key(pin)} -> {pin.server}, {age} old, unused for {unused}"
        )
    if after:
        click.echo(f"more: --after {after}", err=True)
