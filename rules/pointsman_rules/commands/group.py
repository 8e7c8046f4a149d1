"""``pointsman rules``: rules tried, looked at and measured."""

from __future__ import annotations

import click

from pointsman_rules.commands.bench import bench
from pointsman_rules.commands.check import check
from pointsman_rules.commands.test import test
from pointsman_rules.commands.types import types


@click.group()
def rules() -> None:
    """Try rules in Lua, look at them and measure them."""


rules.add_command(test)
rules.add_command(check)
rules.add_command(bench)
rules.add_command(types)
