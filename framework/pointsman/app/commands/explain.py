"""``pointsman explain``: what would become of a request, step by step, and nothing is sent."""

from __future__ import annotations

import json
import sys

import click

from pointsman.app.commands.controlling import config_argument, control_option, json_option, reached


@click.command()
@config_argument
@click.argument("method")
@click.argument("url")
@click.option("-H", "headers", multiple=True, metavar="NAME: VALUE", help="A header; may repeat.")
@click.option("--from", "source", default="127.0.0.1", help="Address of the client.")
@click.option("--service", "name", help="Name of the service, if the URL does not tell.")
@click.option("--live", is_flag=True, help="By the pointsman that runs by CONFIG, as it is now.")
@control_option
@json_option
def explain(
    config: str,
    method: str,
    url: str,
    headers: tuple[str, ...],
    source: str,
    name: str | None,
    live: bool,
    control: str | None,
    as_json: bool,
) -> None:
    """Tell what CONFIG makes of a request METHOD URL: rules, pool, pin, server, what is sent.

    All servers count as up, and no pin is made. Pins are seen where they are kept in files. With
    --live (or --control) it is what runs that is asked: its states, counters and pins. Exit
    status: 0 done, 1 the configuration has errors, or the request is none, 9 no pointsman runs by
    CONFIG.
    """
    if live or control is not None:
        _explain_live(config, control, method, url, headers, source, name, as_json)
        return
    import time

    from twisted.internet.task import Clock

    from pointsman.app.asked import Asked, AskedError
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.explaining import Explanation, open_lasting
    from pointsman.app.loading import configuration_of, registry_with, site_of
    from pointsman.model.errors import ConfigError

    registry = registry_with()
    try:
        site = site_of(configuration_of(config, registry), registry, Clock(), {})
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)
    try:
        asked = Asked(method, url, headers, source)
        service = asked.service_of(site.services, name)
        for told in open_lasting(site):
            click.echo(told, err=True)
        explanation = Explanation(
            site, service, asked.head, asked.connection(service), time.time, time.monotonic()
        )
        if as_json:
            steps, choice = [*explanation.steps()], explanation.choice
            facts = choice.facts() if choice is not None else None
            click.echo(json.dumps({"steps": steps, "choice": facts}, indent=1))
        else:
            for step in explanation.steps():
                click.echo(step)
    except AskedError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(1)
    finally:
        for table in site.tables:
            table.close()


def _explain_live(
    config: str,
    control: str | None,
    method: str,
    url: str,
    headers: tuple[str, ...],
    source: str,
    name: str | None,
    as_json: bool,
) -> None:
    with reached(config, control) as running:
        told = running.ask(
            "explain", method=method, url=url, headers=list(headers), source=source, service=name
        )
    if told["wrong"]:
        click.echo(f"pointsman: {told['wrong']}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps({"steps": told["steps"], "choice": told["choice"]}, indent=1))
        return
    for step in told["steps"]:
        click.echo(step)
