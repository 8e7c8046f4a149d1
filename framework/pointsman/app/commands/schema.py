"""``pointsman schema``: every key of the configuration, for editors and for people."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--markdown", is_flag=True, help="The reference for people instead, in Markdown.")
def schema(markdown: bool) -> None:
    """Print the JSON Schema of a configuration, with what the installed plugins add to it."""
    from pointsman.app.loading import registry_with
    from pointsman.config.jsonschema import schema as made_of
    from pointsman.config.reference import reference

    registry = registry_with()
    if markdown:
        click.echo(reference(registry), nl=False)
    else:
        click.echo(json.dumps(made_of(registry), indent=2))
