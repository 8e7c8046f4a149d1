"""Header fields: ordered pairs, found without regard to case, written as they came."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Final

Field = tuple[bytes, bytes]

_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# CR, LF and NUL would end the field or the head early (RFC 9110 section 5.5).
_FORBIDDEN: Final = (b"\r", b"\n", b"\0")


class Headers:
    """The header fields of one message, in order, repeated fields kept apart.

    Names are compared case-insensitively (RFC 9110 section 5.1) and written as they came.
    Attributes:
        fields: the list itself, to be read; changes go through the methods.
        unchanged: it was read from a message and nothing was changed, so that the bytes it came
            in can be passed on.
    """

    __slots__ = ("fields", "unchanged")

    def __init__(self, fields: Iterable[Field] = ()) -> None:
        self.fields: list[Field] = list(fields)
        self.unchanged = False

    @classmethod
    def read(cls, wire: bytes) -> Headers:
        """The fields of well-formed lines, each with its CRLF (RFC 9112 section 5)."""
        headers = cls()
        headers.unchanged = True
        for line in wire.split(b"\r\n"):
            if line:
                name, _, value = line.partition(b":")
                headers.fields.append((name, value.strip(b" \t")))
        return headers

    def get(self, name: bytes, default: bytes | None = None) -> bytes | None:
        """The value of the first field of that name, or ``default``."""
        wanted = name.lower()
        for field, value in self.fields:
            if field.lower() == wanted:
                return value
        return default

    def get_all(self, name: bytes) -> list[bytes]:
        """The values of all fields of that name, in order; empty if there is none."""
        wanted = name.lower()
        return [value for field, value in self.fields if field.lower() == wanted]

    def __contains__(self, name: bytes) -> bool:
        return self.get(name) is not None

    def add(self, name: bytes, value: bytes) -> None:
        """Append a field. Raises ValueError for CR, LF or NUL in it, or no token."""
        _check(name, value)
        self.unchanged = False
        self.fields.append((name, value))

    def set(self, name: bytes, value: bytes) -> None:
        """Replace all fields of that name by one, at the place of the first."""
        _check(name, value)
        self.unchanged = False
        wanted = name.lower()
        for place, (field, _) in enumerate(self.fields):
            if field.lower() == wanted:
                rest = [pair for pair in self.fields[place + 1 :] if pair[0].lower() != wanted]
                self.fields[place:] = [(name, value), *rest]
                return
        self.fields.append((name, value))

    def remove(self, name: bytes) -> None:
        """Drop all fields of that name; none is fine."""
        wanted = name.lower()
        self.unchanged = False
        self.fields[:] = [pair for pair in self.fields if pair[0].lower() != wanted]

    def remove_all(self, names: Container[bytes]) -> None:
        """Drop all fields whose names, in lower case, are among these."""
        left = [pair for pair in self.fields if pair[0].lower() not in names]
        if len(left) < len(self.fields):
            self.unchanged = False
            self.fields[:] = left

    def copy(self) -> Headers:
        """The same fields in a list of their own."""
        return Headers(self.fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.fields == other.fields

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        # Names only: values may be secrets and a repr ends up in logs.
        return f"Headers({[name.decode('latin-1') for name, _ in self.fields]})"


def _check(name: bytes, value: bytes) -> None:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"header name {name!r} is not a token (RFC 9110 section 5.1)")
    if any(bad in value for bad in _FORBIDDEN):
        raise ValueError(f"the value of header {name!r} holds a CR, LF or NUL")
