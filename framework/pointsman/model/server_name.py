"""The names that clients ask for by SNI: what RFC 6066 section 3 allows, and nothing else."""

from __future__ import annotations

import re
from typing import Final

# RFC 1123 section 2.1; underscores are no host names, but people have them in certificates.
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST: Final = 253
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def checked_server_name(text: str) -> str:
    """A server name in lower case.

    Args:
        text: as a client sent it, or as it is written in a configuration.

    Raises:
        ValueError: it is none; a sentence without the name itself, which anybody may have sent.
    """
    if not text.isascii():
        raise ValueError("a server name is ASCII; others are written with xn-- (RFC 5890)")
    name = text.lower()
    if not name:
        raise ValueError("the server name is empty")
    if name.endswith("."):
        raise ValueError("a server name has no dot at its end (RFC 6066 section 3)")
    labels = name.split(".")
    # What ends in a number is an IPv4 address to whoever resolves it.
    if ":" in name or _NUMBER.fullmatch(labels[-1]):
        raise ValueError("an IP address is no server name (RFC 6066 section 3)")
    if len(name) > _LONGEST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("the server name is no host name")
    return name
