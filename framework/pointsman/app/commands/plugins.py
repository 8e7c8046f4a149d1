"""``pointsman plugins``: what is loaded, from where, and what it offers."""

from __future__ import annotations

import json
import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--module", "modules", multiple=True, help="Load this module too; may repeat.")
def plugins(as_json: bool, modules: tuple[str, ...]) -> None:
    """Show the plugins that are loaded; exit with 1 if one is broken."""
    from pointsman.app.loading import registry_with
    from pointsman.config.registry import Loaded
    from pointsman.model.errors import PluginError

    try:
        registry = registry_with(modules)
    except PluginError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(1)

    def as_mapping(plugin: Loaded) -> dict[str, object]:
        return {
            "name": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "module": plugin.module,
            "offers": {hook: list(names) for hook, names in plugin.offers.items()},
            "events": list(plugin.events),
            "commands": list(plugin.commands),
        }

    if as_json:
        told = {
            "plugins": [as_mapping(plugin) for plugin in registry.plugins],
            "broken": [str(error) for error in registry.broken],
        }
        click.echo(json.dumps(told, indent=2))
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table("plugin", "from", "offers", box=None, pad_edge=False)
        for plugin in registry.plugins:
            origin = f"{plugin.distribution} {plugin.version}".strip() or plugin.module
            offers = [f"{hook}: {', '.join(names)}" for hook, names in plugin.offers.items()]
            offers += [f"event {event}" for event in plugin.events]
            offers += [f"command {command}" for command in plugin.commands]
            table.add_row(plugin.name, origin, "\n".join(offers) or "nothing")
        Console(width=None if sys.stdout.isatty() else 200).print(table)
        for broken in registry.broken:
            click.echo(f"broken: {broken}", err=True)
    sys.exit(1 if registry.broken else 0)
