"""Keeping answers that carry a client's cookie out of caches that clients share (RFC 9111)."""

from __future__ import annotations

from pointsman.model.message import ResponseHead

# A CDN heeds these before Cache-Control (RFC 9213 and its forerunner).
_FOR_CDNS = (b"cdn-cache-control", b"surrogate-control")


def mark_private(head: ResponseHead, *, store: bool) -> None:
    """Let nobody but the client keep this answer.

    Args:
        head: of the answer; its fields are changed.
        store: whether the client itself may keep it.
    """
    headers = head.headers
    for name in _FOR_CDNS:
        if name in headers:
            headers.remove(name)
    if not store:
        headers.set(b"Cache-Control", b"no-store")
        return
    kept: list[bytes] = []
    for line in headers.get_all(b"cache-control"):
        for directive in _directives(line):
            name = directive.partition(b"=")[0].strip().lower()
            if name == b"no-store" or directive.lower() == b"private":
                return  # it is private already
            # "private" may name single fields, and then others may be shared (section 5.2.2.7).
            if name not in (b"public", b"s-maxage", b"private"):
                kept.append(directive)
    headers.set(b"Cache-Control", b", ".join([*kept, b"private"]))


def _directives(line: bytes) -> list[bytes]:
    """The directives of one field; a comma between quotes parts nothing."""
    found = []
    quoted = False
    begin = 0
    for place, octet in enumerate(line):
        if octet == 34:
            quoted = not quoted
        elif octet == 44 and not quoted:
            found.append(line[begin:place])
            begin = place + 1
    found.append(line[begin:])
    return [stripped for directive in found if (stripped := directive.strip(b" \t"))]
