"""``pointsman check``: everything that is wrong with a configuration, at once."""

from __future__ import annotations

import os
import sys

import click

from pointsman.app.commands.changing import tell_plan
from pointsman.app.commands.controlling import control_option, reached

# What the modes that put TLS on say of themselves; nobody shall overlook it.
NOT_VERIFIED = "verify: none"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Problems as JSON on stdout.")
@click.option("--diff", is_flag=True, help="Ask what runs by FILE what would change by it.")
@control_option
def check(file: str, as_json: bool, diff: bool, control: str | None) -> None:
    """Say everything that is wrong with the configuration FILE; exit with 1 if anything is.

    With --diff what runs reads FILE, with its own environment and rights, and nothing changes; with
    --control as well FILE may be any other than the one that it runs by. Exit status then: 3 what
    runs cannot tell, 9 nothing runs.
    """
    if diff:
        with reached(file, control, patience=None) as running:
            told = running.ask("check", file=os.path.abspath(file))
        tell_plan(told, as_json, "against revision {}")
        return
    if control is not None:
        raise click.UsageError("--control is for --diff")
    from twisted.internet.task import Clock

    from pointsman.app.commands.telling import problems_as_json, tell_problems
    from pointsman.app.loading import configuration_of, registry_with, site_of
    from pointsman.model.errors import ConfigError, Problem

    registry = registry_with()
    warnings: tuple[Problem, ...] = ()
    try:
        configuration = configuration_of(file, registry)
        warnings = configuration.warnings
        # Endpoint strings are looked at with a reactor, which nothing runs here.
        site = site_of(configuration, registry, Clock(), {})
        warnings += site.warnings
    except ConfigError as error:
        if as_json:
            click.echo(problems_as_json(error.problems, warnings))
        else:
            tell_problems(warnings, warnings=True)
            tell_problems(error.problems)
            click.echo(_counted(len(error.problems), "error"), err=True)
        sys.exit(1)
    for table in site.tables:
        table.close()
    if as_json:
        click.echo(problems_as_json((), warnings))
        return
    tell_problems(warnings, warnings=True)
    for service in site.services:
        where = ", ".join(str(address) for address in service.settings.listen)
        servers = _counted(len(service.pool.members), "server")
        health = site.recipes[service.pool.name].section.health
        how = health.in_words if health is not None else "not checked"
        tls = service.tls.describes if service.tls is not None else ""
        if NOT_VERIFIED in tls:
            tls = click.style(tls, fg="red", bold=True)
        click.echo(
            f"{service.name}: {service.settings.mode} on {where}{tls and f' ({tls})'} -> "
            f"pool {service.pool.name}, {servers}, {how}"
        )
    click.echo(
        f"{file} is fine: {_counted(len(site.services), 'virtual service')}, "
        f"{_counted(len(site.pools), 'pool')}, {_counted(len(warnings), 'warning')}"
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
