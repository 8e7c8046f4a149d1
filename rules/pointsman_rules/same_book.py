"""A book of rules that a reload need not make: one that does the same is at work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pointsman.contracts.rules import Rulebook
from pointsman_rules.generation import Place
from pointsman_rules.site import LuaSite


class SameBook(Rulebook):
    """Stands for a book at work until that one is told to stay; nothing was loaded for it.

    Args:
        book: at work.
        place, site: where it works from now on.
    """

    def __init__(self, book: Any, place: Place, site: LuaSite) -> None:
        self.book = book
        self.place = place
        self.site = site
        self.events = book.events
        self.describes = book.describes
        self.warnings: Sequence[str] = book.warnings
