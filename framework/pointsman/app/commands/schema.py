"""``pointsman schema``: what editors need to help with a configuration."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a configuration, with what the installed plugins add to it."""
    from pointsman.app.loading import registry_with
    from pointsman.config.jsonschema import schema as made_of

    click.echo(json.dumps(made_of(registry_with()), indent=2))
