"""Rules in the box: the Lua host and the library of ready rules."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.contracts import Offer, Section
from pointsman.hookspecs import hookimpl
from pointsman_rules import files, making, site


@hookimpl
def sections() -> Mapping[str, Section]:
    """`lists`, `rule_tables` and `lua`."""
    return site.sections()


@hookimpl
def rulebooks() -> Mapping[str, Offer]:
    """Rules in Lua."""
    return {"lua": Offer(files.RuleSettings, making.make_books, "A rule file in Lua.")}
