"""``pointsman demo``: see it work within a minute."""

from __future__ import annotations

import sys

import click

from pointsman.app.commands.demo_lync import lync

NAMES = ("red", "blue")
NOT_BOTH_USED = 5


@click.group(invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--for", "seconds", type=click.FloatRange(min=0.1), help="End after so many seconds.")
@click.option("--no-traffic", is_flag=True, help="Make no requests; try it yourself.")
@click.option("--scheduling", default="round_robin", show_default=True, help="Which scheduler.")
@click.pass_context
def demo(
    ctx: click.Context, port: int, seconds: float | None, no_traffic: bool, scheduling: str
) -> None:
    """Balance over two small real servers on this machine, and show what happens.

    With --for it ends by itself, with exit status 5 if not both servers were used.
    """
    if ctx.invoked_subcommand is not None:
        return
    from pointsman.app.running import CANNOT_START, lean_reactor

    reactor = lean_reactor()

    from rich.console import Console

    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.demo import children
    from pointsman.app.demo.show import Show
    from pointsman.app.program_log import HUMAN, begin_logging
    from pointsman.model.errors import ConfigError
    from pointsman.net.listener import ListenError

    try:
        servers = children.start(NAMES)
    except RuntimeError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(CANNOT_START)
    try:
        show = Show(
            reactor,
            servers,
            Console(),
            port=port,
            scheduling=scheduling,
            seconds=seconds or 0.0,
            traffic=not no_traffic,
        )
        begin_logging(HUMAN, show.log_stream)
        status = show.run()
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)
    except ListenError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(CANNOT_START)
    finally:
        for server in servers:
            server.end()
    if seconds and not all(show.used.values()):
        click.echo("not all servers were used", err=True)
        status = status or NOT_BOTH_USED
    sys.exit(status)


demo.add_command(lync)
