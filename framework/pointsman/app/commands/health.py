"""``pointsman health try``: one probe of one server now, every step of it, and what would help."""

from __future__ import annotations

import sys

import click

PASSED, NOT_PASSED, NOT_CHECKED = 0, 6, 7


@click.group()
def health() -> None:
    """Look into health checks."""


@health.command("try")
@click.argument("config", type=click.Path(dir_okay=False))
@click.argument("server")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def try_(config: str, server: str, as_json: bool) -> None:
    """Probe one server of the configuration CONFIG now, and show what happens.

    SERVER is POOL/SERVER, or its name alone if no other pool has one of that name. Nothing is
    retried and nothing counts: it is one attempt. Exit status: 0 it passes, 6 it does not, 7 it
    cannot be checked, 1 the configuration has errors.
    """
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.health_try import NoServer, chosen, tried
    from pointsman.app.loading import configuration_of, registry_with, site_of
    from pointsman.app.report_words import report_as_json, report_in_words
    from pointsman.core.health_report import Outcome
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
    if report.outcome is Outcome.UNABLE:
        sys.exit(NOT_CHECKED)
    sys.exit(PASSED if report.outcome is Outcome.GOOD else NOT_PASSED)
