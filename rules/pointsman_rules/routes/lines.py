"""Changes of fields that leave a head as the lines it came in, where that can be."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.model.headers import Headers
from pointsman.model.message import Head
from pointsman_rules.facade import NOTED

Change = Callable[[Head, bytes], None]


def setter(name: bytes) -> Change:
    """Set a field in the place of all of that name.

    Raises:
        ValueError: that is no name.
    """
    needle, begin, noted = _prepared(name)

    def set_it(head: Head, value: bytes) -> None:
        wire = head.wire
        if wire is None or noted or _breaks(value) or needle in b"\n" + wire.lower():
            head.headers.set(name, value)
        else:
            head.take_lines(wire + begin + value + b"\r\n")

    return set_it


def adder(name: bytes) -> Change:
    """Add a field behind the others.

    Raises:
        ValueError: that is no name.
    """
    _, begin, noted = _prepared(name)

    def add(head: Head, value: bytes) -> None:
        wire = head.wire
        if wire is None or noted or _breaks(value):
            head.headers.add(name, value)
        else:
            head.take_lines(wire + begin + value + b"\r\n")

    return add


def remover(name: bytes) -> Callable[[Head], None]:
    """Drop all fields of that name."""
    needle = b"\n" + name.lower() + b":"

    def remove(head: Head) -> None:
        wire = head.wire
        if wire is None or needle in b"\n" + wire.lower():
            head.headers.remove(name)

    return remove


def _prepared(name: bytes) -> tuple[bytes, bytes, bool]:
    """How a field is looked for, how its line begins, and whether the codec keeps notes of it."""
    Headers().set(name, b"")  # is it a token?
    small = name.lower()
    folded = "".join(chr(c) if chr(c).isalnum() else "-" for c in small)
    return b"\n" + small + b":", name + b": ", folded in NOTED


def _breaks(value: bytes) -> bool:
    """Whether it would end the line: the head itself says so."""
    return 13 in value or 10 in value or 0 in value
