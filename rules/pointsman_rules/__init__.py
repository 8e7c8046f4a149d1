"""Rules in the box: in YAML, and the Lua host with its library of ready rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from pointsman.contracts import Offer, Section
from pointsman.hookspecs import hookimpl
from pointsman_rules import files, health, making, site
from pointsman_rules.commands.group import rules
from pointsman_rules.routes.book import make_books
from pointsman_rules.routes.settings import RouteSettings


@hookimpl
def sections() -> Mapping[str, Section]:
    """`lists`, `rule_tables` and `lua`."""
    return site.sections()


@hookimpl
def rulebooks() -> Mapping[str, Offer]:
    """Rules in YAML and in Lua."""
    return {
        "route": Offer(RouteSettings, make_books, "A rule in YAML, in place."),
        "lua": Offer(files.RuleSettings, making.make_books, "A rule file in Lua."),
    }


@hookimpl
def health_checks() -> Mapping[str, Offer]:
    """A rule that asks and judges a server."""
    return {"lua": health.OFFER}


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    """``pointsman rules``."""
    return [rules]
