"""What somebody may have meant: the nearest known word, or all of them if they are few."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

FEW = 12


def nearest(word: str, known: Iterable[str], what: str = "known") -> str:
    """A hint such as "did you mean `scheduling`?" or "known: a, b, c".

    Args:
        word: what was written.
        known: what could have been written.
        what: stands before the list when nothing is near.
    """
    words = sorted({*known})
    for close in get_close_matches(word, words, n=1, cutoff=0.6):
        return f"did you mean `{close}`?"
    if not words:
        return f"{what}: none"
    rest = f" and {len(words) - FEW} more" if len(words) > FEW else ""
    return f"{what}: {', '.join(words[:FEW])}{rest}"
