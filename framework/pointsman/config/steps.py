"""Long work in small steps: whoever drives it may let others go on between two of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

# Work that yields wherever it may be interrupted, and returns what it came to.
Steps = Generator[None, None, T]


def at_once(steps: Steps[T]) -> T:
    """Do all steps without a pause.

    Returns:
        What the work came to. What it raises goes to the caller.
    """
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
