"""``pointsman server``: take servers in and out while pointsman runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)

F = TypeVar("F", bound=Callable[..., Any])

CONFIGURED = "configured"


@click.group()
def server() -> None:
    """Take servers of a running pointsman in and out.

    SERVERS are POOL/SERVER, or SERVER alone if no other pool has one of that name; `*` stands for
    any text, so that web/* is all of a pool. What is set lasts until it is set again, reloads
    included, but not over a restart. Exit status: 0 done, 2 no such server, 9 no pointsman runs
    by CONFIG.
    """


def _servers(command: F) -> F:
    return click.argument("servers", nargs=-1, required=True)(command)


def _takes(name: str, state: str, told: str) -> None:
    """Add the command that brings servers into a state."""

    @server.command(name, help=told)
    @config_argument
    @_servers
    @click.option("--why", default="", help="For people who see it later.")
    @control_option
    @json_option
    def take(
        config: str, servers: tuple[str, ...], why: str, control: str | None, as_json: bool
    ) -> None:
        _set(config, control, as_json, "server_state", servers, state=state, why=why)


_takes("enable", "enabled", "Take servers in: their health check has the say again.")
_takes("disable", "disabled", "Send nobody there any more; what is under way goes on.")
_takes(
    "drain",
    "draining",
    "Send no new clients there, and pinned ones until `drain_time` is over; then disable it.\n\n"
    "Says what is left there, and when it will be empty.",
)
_takes(
    "maintenance",
    "maintenance",
    "Send nobody there, and let nobody miss it: it counts as not there.",
)


@server.command()
@config_argument
@_servers
@click.argument("weight")
@control_option
@json_option
def weight(
    config: str, servers: tuple[str, ...], weight: str, control: str | None, as_json: bool
) -> None:
    """Change the share of new work of servers: 0 to 65535, or `configured`."""
    try:
        number = None if weight == CONFIGURED else int(weight)
    except ValueError:
        raise click.UsageError(f"a weight is a number or `{CONFIGURED}`, not {weight!r}") from None
    _set(config, control, as_json, "server_weight", servers, weight=number)


def _set(
    config: str,
    control: str | None,
    as_json: bool,
    verb: str,
    servers: Sequence[str],
    **what: object,
) -> None:
    with reached(config, control) as running:
        told = running.ask(verb, servers=list(servers), **what)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    for each in told["servers"]:
        click.echo(_in_words(each))
    for each in told["concerned"]:
        click.echo(f"service {each['name']} is {each['state']}: {each['why']}", err=True)


def _in_words(seen: Mapping[str, Any]) -> str:
    told = f"{seen['pool']}/{seen['name']} is {seen['state']}, weight {seen['weight']}"
    if seen["weight"] != seen["wanted_weight"]:
        told += f" of {seen['wanted_weight']}"
    if seen["drain"] is not None:
        return f"{told}: {seen['drain']['words']}"
    return f"{told}, {seen['active']} open: {seen['why']}"
