"""Documents in Markdown, read so that tests can hold them against the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# First lines of a YAML block that say that it is no configuration to be loaded as it stands.
MARK_WRONG = "# wrong on purpose\n"
MARKS = (MARK_WRONG, "# not loaded here", "# needs examples/plugin\n", "# part of a configuration")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return [text for found, text in _FENCED.findall(page.read_text()) if found == language]


def is_configuration(text: str) -> bool:
    """Whether a YAML block is a whole configuration that must load."""
    return not text.startswith(MARKS)


def sections(page: Path) -> dict[str, str]:
    """Heading -> the text below it, up to the next heading of any level."""
    text = _FENCED.sub("", page.read_text())
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def table(text: str) -> list[list[str]]:
    """The rows of the first table in a text, without its head; empty if there is none."""
    return next(tables(text), [])


def tables(text: str) -> Iterator[list[list[str]]]:
    """The rows of each table in a text, without their heads."""
    rows: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            yield rows[2:]
            rows = []
