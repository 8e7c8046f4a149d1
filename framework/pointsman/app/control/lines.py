"""The control protocol without its socket: one JSON object a line each way.

A request is ``{"verb": "status", "arguments": {...}, "id": 1}``; ``arguments`` and ``id`` may be
left out. The answer to it bears the same ``id``, and either ``answer`` or ``error``, which says
what is wrong in ``words`` and bears one of the kinds below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# No request is longer, in bytes with its newline.
LONGEST_REQUEST: Final = 64 * 1024

# The kinds of errors.
BAD_REQUEST: Final = "request"  # it cannot be read, or there is no such verb or argument
UNKNOWN: Final = "unknown"  # there is no such server, pool or service; or there are several
CONFIGURATION: Final = "configuration"  # the configuration has errors; ``problems`` lists them
REFUSED: Final = "refused"  # it cannot be done now; nothing has changed
FAILED: Final = "failed"  # our own fault; the log says more

_KNOWN = {"verb", "arguments", "id"}


class RequestError(ValueError):
    """What came is no request; says why."""

    def __init__(self, words: str, number: object = None) -> None:
        super().__init__(words)
        self.number = number


class LineTooLong(ValueError):
    """A line has no end within bounds; what comes behind it cannot be understood."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        verb: what is to be done.
        arguments: with what.
        number: what the asker knows it by: a number, a text or None.
    """

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    number: int | str | None = None


class Lines:
    """Bytes to lines, however they were split on their way.

    Args:
        longest: of a line, in bytes with its newline.
    """

    def __init__(self, longest: int = LONGEST_REQUEST) -> None:
        self._longest = longest
        self._kept = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        self._kept += data

    def next(self) -> bytes | None:
        """The next line without its newline, None until there is a whole one.

        Raises:
            LineTooLong: it is longer than it may be, or will be.
        """
        end = self._kept.find(b"\n", self._searched)
        if end >= self._longest or (end < 0 and len(self._kept) >= self._longest):
            raise LineTooLong(f"a line has at most {self._longest} bytes")
        if end < 0:
            self._searched = len(self._kept)
            return None
        line = bytes(self._kept[:end])
        del self._kept[: end + 1]
        self._searched = 0
        return line

    def __len__(self) -> int:
        """How many bytes are kept."""
        return len(self._kept)


def request_of(line: bytes) -> Request:
    """Read a request.

    Raises:
        RequestError: it is none; bears its number if that could be read.
    """
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        raise RequestError("a request is one JSON object in UTF-8 on a line") from None
    if not isinstance(read, dict):
        raise RequestError("a request is a JSON object")
    number = read.get("id")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int | str)):
        raise RequestError("the id of a request is a number or a text")
    if unknown := sorted(read.keys() - _KNOWN):
        raise RequestError(f"a request has no {unknown[0]!r}", number)
    verb, arguments = read.get("verb"), read.get("arguments", {})
    if not isinstance(verb, str):
        raise RequestError("a request needs a verb, a text", number)
    if not isinstance(arguments, dict):
        raise RequestError("the arguments of a request are a JSON object", number)
    return Request(verb, arguments, number)


def request_line(request: Request) -> bytes:
    """Write a request."""
    return _line({"id": request.number, "verb": request.verb, "arguments": request.arguments})


def error_line(number: object, kind: str, words: str, **more: object) -> bytes:
    """Write what is wrong instead of an answer."""
    return _line({"id": number, "error": {"kind": kind, "words": words, **more}})


def _line(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
