"""How a tour is told: headings, what was done, what is now true, and a table at the end."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDEST = 118  # however wide the terminal is: long lines are hard to read


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that was said to be true, and whether it was seen to be.

    Attributes:
        step: the heading under which it was said.
        text: what it says.
        seen: whether it is so.
    """

    step: str
    text: str
    seen: bool


class Telling:
    """Tells a tour on a console.

    Args:
        console: of rich.
        pause: seconds after each step, for whoever reads.

    Attributes:
        claims: everything that was claimed so far.
    """

    def __init__(self, console: Console, pause: float = 0.0) -> None:
        self.console = console
        self.claims: list[Claim] = []
        self._pause = pause
        self._step = ""
        self._number = 0

    @property
    def missed(self) -> list[Claim]:
        """What was claimed and not seen."""
        return [claim for claim in self.claims if not claim.seen]

    def title(self, title: str, lines: Iterable[str]) -> None:
        """Say what this is, before anything is done."""
        self._print(Rule(Text(title, style="bold"), characters="═", style="cyan"))
        for line in lines:
            self._print(Text(line))

    def step(self, title: str, appliance: str, ours: str) -> None:
        """Begin a step: where it is done on the appliance, and how it is done here."""
        if self._number:
            self.rest()
        self._number += 1
        self._step = title
        self._print(Text())
        heading = Text(f"{self._number}  {title}", style="bold cyan")
        self._print(Rule(heading, align="left", style="cyan"))
        self._print(Text.assemble(("appliance  ", "dim"), appliance))
        self._print(Text.assemble(("pointsman  ", "dim"), ours))
        self._print(Text())

    def did(self, text: str) -> None:
        """Something that was done by hand."""
        self._print(Text.assemble(("• ", "cyan"), text))

    def typed(self, command: str, output: Iterable[str] = ()) -> None:
        """A command that was typed, and what it printed."""
        # It is there to be copied, so no line is broken.
        shown = Text.assemble(("$ ", "green"), (command, "bold"))
        self.console.print(shown, soft_wrap=True, highlight=False)
        for line in output:
            self._print(Padding(Text(line, style="dim"), (0, 0, 0, 2), expand=False))

    def edited(self, file: str, before: str, after: str) -> None:
        """A file that was changed: the lines that it is about."""
        old, new = before.splitlines(), after.splitlines()
        self._print(Text.assemble(("✎ ", "green"), (file, "bold")))
        for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
            colour = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "dim")
            shown = "  …" if line.startswith("@@") else f"  {line}"
            self._print(Text(shown, style=colour))

    def claim(self, text: str, seen: bool, instead: str = "") -> bool:
        """Say what is true now; with what was seen instead if it is not.

        Returns:
            ``seen``.
        """
        self.claims.append(Claim(self._step, text, seen))
        if seen:
            self._print(Text.assemble(("✔ ", "bold green"), text))
        else:
            told = f"\n  seen instead: {instead}" if instead else ""
            self._print(Text.assemble(("✘ ", "bold red"), (text, "red"), told))
        return seen

    def note(self, text: str) -> None:
        """A word of explanation."""
        self._print(Padding(Text(text, style="italic"), (0, 0, 0, 2), expand=False))

    def table(self, table: Table) -> None:
        """Show a table."""
        self._print(Text())
        self._print(table)

    def tick(self, line: str) -> None:
        """Say how it goes: in one place on a terminal, a line each elsewhere."""
        if self.console.is_terminal:
            self.console.print(Text(line), end="\r", highlight=False)
        else:
            self._print(Text(line))

    def sum_up(self, text: str, *, good: bool) -> None:
        """The last word."""
        self._print(Text())
        style = "bold green" if good else "bold red"
        self._print(Text.assemble(("✔ " if good else "✘ ", style), (text, style)))

    def rest(self) -> None:
        """Leave time to read."""
        if self._pause:
            time.sleep(self._pause)

    def _print(self, what: object) -> None:
        width = min(self.console.width, WIDEST)
        self.console.print(what, width=width, highlight=False)
