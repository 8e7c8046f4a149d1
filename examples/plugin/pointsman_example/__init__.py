"""A plugin for pointsman: what it offers, and what it wants to hear of."""

import sys
from collections.abc import Mapping

from pointsman.contracts import Offer
from pointsman.hookspecs import hookimpl
from pointsman_example import banner, header_pins, prefer, tickets


@hookimpl
def schedulers() -> Mapping[str, Offer]:
    """For ``scheduling:``."""
    return {"prefer": prefer.OFFER}


@hookimpl
def persistences() -> Mapping[str, Offer]:
    """For ``persistence:``."""
    return {"tenant": header_pins.OFFER}


@hookimpl
def health_checks() -> Mapping[str, Offer]:
    """For ``health:``."""
    return {"banner": banner.OFFER}


@hookimpl
def rulebooks() -> Mapping[str, Offer]:
    """For ``rules:``."""
    return {"ticket": tickets.OFFER}


@hookimpl
def health_changed(pool: str, server: str, up: bool, reason: str) -> None:
    """Say it where somebody will read it."""
    print(f"{pool}/{server} {'is back' if up else 'is gone'}: {reason}", file=sys.stderr)
