"""The command line: ``pointsman`` and its commands."""

from __future__ import annotations

from importlib.metadata import version

import click

from pointsman.app.build_kind import build_kind
from pointsman.app.commands.check import check
from pointsman.app.commands.demo import demo
from pointsman.app.commands.events import events
from pointsman.app.commands.explain import explain
from pointsman.app.commands.health import health
from pointsman.app.commands.history import history, undo
from pointsman.app.commands.new import new
from pointsman.app.commands.pins import pins
from pointsman.app.commands.plugins import plugins
from pointsman.app.commands.reload import confirm, reload
from pointsman.app.commands.run import run
from pointsman.app.commands.schema import schema
from pointsman.app.commands.server import server
from pointsman.app.commands.status import status


class WithPlugins(click.Group):
    """Our own commands, and those that plugins add.

    Plugins are loaded only when help is asked for or the command is none of ours.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands; a plugin cannot take the name of one of ours."""
        return sorted({*super().list_commands(ctx), *_of_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, ours first."""
        return super().get_command(ctx, cmd_name) or _of_plugins().get(cmd_name)


def _of_plugins() -> dict[str, click.Command]:
    from pointsman.app.loading import registry_with

    return {str(command.name): command for command in registry_with().commands}


@click.group(cls=WithPlugins, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(f"{version('pointsman')} ({build_kind()})", prog_name="pointsman")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Balance load over real servers, every decision made by a plugin.

    Exit status: 0 done or stopped on request, 1 the configuration has errors, 2 wrong usage,
    3 it cannot listen, or what is asked of it cannot be done, 4 a second signal cut open work
    short, 5 the demo did not show what it should, 6 the server did not pass its check, 7 it could
    not be checked, 8 nothing runs and no pins are kept in files, 9 no running pointsman can be
    reached.
    """
    ctx.obj = _site_reader


def _site_reader(path: str) -> object:
    from pointsman.app.loading import view_of

    return view_of(path)


main.add_command(run)
main.add_command(reload)
main.add_command(confirm)
main.add_command(history)
main.add_command(undo)
main.add_command(status)
main.add_command(server)
main.add_command(events)
main.add_command(demo)
main.add_command(check)
main.add_command(explain)
main.add_command(health)
main.add_command(schema)
main.add_command(plugins)
main.add_command(pins)
main.add_command(new)
