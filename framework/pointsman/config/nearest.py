"""What somebody may have meant: the nearest known word, or all of them if they are few."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

FEW = 20


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like this one, "" if none does."""
    return "".join(get_close_matches(word, sorted({*known}), n=1))


def nearest(word: str, known: Iterable[str], what: str = "known") -> str:
    """A hint such as "did you mean `scheduling`?" or "known: a, b, c".

    Args:
        word: what was written.
        known: what could have been written.
        what: stands before the list when nothing is near.
    """
    words = sorted({*known})
    if close := closest(word, words):
        return f"did you mean `{close}`?"
    if not words:
        return f"{what}: none"
    rest = f" and {len(words) - FEW} more" if len(words) > FEW else ""
    return f"{what}: {', '.join(words[:FEW])}{rest}"
