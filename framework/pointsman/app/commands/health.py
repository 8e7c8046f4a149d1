"""``pointsman health``: what the checks of a running pointsman know, and one probe at will."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from pointsman.app.commands.controlling import (
    config_argument,
    control_option,
    json_option,
    reached,
)

PASSED, NOT_PASSED, NOT_CHECKED = 0, 6, 7


@click.group()
def health() -> None:
    """Look into health checks."""


@health.command()
@config_argument
@click.argument("servers", nargs=-1)
@control_option
@json_option
def show(config: str, servers: tuple[str, ...], control: str | None, as_json: bool) -> None:
    """Show what the health checks of the pointsman that runs by CONFIG know.

    For SERVERS it is everything: the last attempt that failed in full, and the last changes of
    its state. They are named as for `pointsman server`. Exit status: 0 done, 2 no such server,
    9 no pointsman runs by CONFIG.
    """
    with reached(config, control) as running:
        told = running.ask("health_show", servers=list(servers))
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    if servers:
        from pointsman.app.commands.health_words import health_in_full

        for number, each in enumerate(told):
            if number:
                click.echo()
            for line in health_in_full(each):
                click.echo(line)
        return

    from rich.console import Console

    from pointsman.app.commands.health_words import health_table

    Console(width=None if sys.stdout.isatty() else 200).print(health_table(told))


@health.command("try")
@config_argument
@click.argument("server")
@click.option("--live", is_flag=True, help="Let the pointsman that runs by CONFIG probe it.")
@control_option
@json_option
def try_(config: str, server: str, live: bool, control: str | None, as_json: bool) -> None:
    """Probe one server of the configuration CONFIG now, and show what happens.

    SERVER is POOL/SERVER, or its name alone if no other pool has one of that name. Nothing is
    retried and nothing counts: it is one attempt. It is made from here by the file as it is now;
    with --live (or --control) by what runs, as that checks. Exit status: 0 it passes, 6 it does
    not, 7 it cannot be checked, 1 the configuration has errors, 9 no pointsman runs by CONFIG.
    """
    if live or control is not None:
        _try_live(config, server, control, as_json)
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.health_try import NoServer, chosen, tried
    from pointsman.app.loading import configuration_of, registry_with, site_of
    from pointsman.app.report_words import report_as_json, report_in_words
    from pointsman.model.errors import ConfigError
    from pointsman.net.reactor import LeanReactor

    reactor = LeanReactor()  # type: ignore[no-untyped-call]
    registry = registry_with()
    try:
        site = site_of(configuration_of(config, registry), registry, reactor, {})
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)
    try:
        try:
            pool, member = chosen(site, server)
        except NoServer as error:
            raise click.UsageError(str(error)) from None
        report = tried(site, member, reactor)
    finally:
        for table in site.tables:
            table.close()
    if report is None:
        click.echo(f"{pool.name}/{member.name} is not checked: it is always up", err=True)
        sys.exit(NOT_CHECKED)
    if as_json:
        click.echo(report_as_json(report, pool.name, member.name))
    else:
        for line in report_in_words(report, pool.name, member.name):
            click.echo(line)
    _end(report.outcome.value)


def _try_live(config: str, server: str, control: str | None, as_json: bool) -> None:
    from pointsman.app.report_words import report_from, report_in_words

    with reached(config, control) as running:
        told = running.ask("health_try", server=server)
    if told["report"] is None:
        click.echo(f"{told['pool']}/{told['server']} is not checked: it is always up", err=True)
        sys.exit(NOT_CHECKED)
    report: dict[str, Any] = told["report"]
    if as_json:
        click.echo(json.dumps({"pool": told["pool"], "server": told["server"], **report}, indent=2))
    else:
        for line in report_in_words(report_from(report), told["pool"], told["server"]):
            click.echo(line)
    _end(report["outcome"])


def _end(outcome: str) -> None:
    """The exit status that says what an attempt came to."""
    sys.exit({"good": PASSED, "unable": NOT_CHECKED}.get(outcome, NOT_PASSED))
