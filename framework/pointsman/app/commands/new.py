"""``pointsman new``: a commented configuration to begin with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pointsman.app.templating import TemplateError, known_templates, template


def _values(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.BadParameter(f"expected NAME=VALUE, got {each!r}")
        values[name.strip()] = value.strip()
    return values


@click.command()
@click.argument("name", required=False)
@click.option("--set", "values", multiple=True, callback=_values, help="NAME=VALUE; may repeat.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="File, instead of stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def new(name: str | None, values: dict[str, str], output: str | None, force: bool) -> None:
    """Write a commented configuration to begin with; without NAME, list the templates.

    With exit status 1 for a template, parameter or value that cannot be.
    """
    if name is None:
        for each in known_templates():
            click.echo(f"{each.name}: {each.doc}")
            for parameter in each.parameters:
                click.echo(f"    {parameter.name} = {parameter.default}    {parameter.doc}")
        return
    try:
        text = template(name).text(values)
    except TemplateError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(1)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with Path(output).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"pointsman: {output} is there already; --force writes over it", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"pointsman: cannot write {output}: {error.strerror}", err=True)
        sys.exit(1)
