"""What the demonstration shows: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

_COLOURS = {"up": "green", "checking": "yellow", "down": "red"}


class Row(NamedTuple):
    """What is known of one server now."""

    name: str
    address: str
    state: str
    reason: str
    requests: int
    active: int


class View:
    """Shows rows again and again, and notes in between.

    Args:
        console: of rich; whether it is a terminal decides the form.
        hints: see below.

    Attributes:
        hints: what to try, shown all the time on a terminal and once elsewhere.
    """

    def __init__(self, console: Console, hints: Sequence[str] = ()) -> None:
        self._console = console
        self.hints = hints
        self._live: Live | None = None

    def start(self) -> None:
        """Show the hints, and from now on the rows."""
        if self._console.is_terminal:
            # Without its own thread: the reactor says when.
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        else:
            for hint in self.hints:
                self._say(hint)

    def show(self, rows: Sequence[Row], note: str = "") -> None:
        """Show how things are now.

        Args:
            rows: one for each server.
            note: one line below them.
        """
        if self._live is not None:
            self._live.update(self._picture(rows, note), refresh=True)
            return
        told = [f"{row.name} {row.state} {row.requests} requests" for row in rows]
        self._say(" | ".join([*told, *([note] if note else [])]))

    def stop(self) -> None:
        """Leave the last picture on the screen."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def write(self, text: str) -> None:
        """Print above the table; with ``flush`` it is what a log writes to."""
        self._console.print(Text(text.rstrip("\n")), soft_wrap=True)

    def flush(self) -> None:
        """Nothing is kept back."""

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)

    def _picture(self, rows: Sequence[Row], note: str) -> RenderableType:
        table = Table("server", "address", "health", "requests", "share", "active", "why")
        total = sum(row.requests for row in rows) or 1
        for row in rows:
            table.add_row(
                row.name,
                row.address,
                Text(row.state, style=_COLOURS.get(row.state, "")),
                str(row.requests),
                f"{row.requests / total:.0%}",
                str(row.active),
                Text(row.reason),
            )
        return Group(table, Text(note), *(Text(hint, style="dim") for hint in self.hints))
