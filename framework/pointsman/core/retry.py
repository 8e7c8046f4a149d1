"""Whether a failed attempt may be made again (RFC 9110 section 9.2.2, DESIGN 5.7)."""

from __future__ import annotations

from typing import Final

# RFC 9110 section 9.2.2, and the safe methods of WebDAV (RFC 4918, RFC 3253).
_IDEMPOTENT: Final = frozenset(
    (b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE", b"PROPFIND", b"REPORT", b"SEARCH")
)


def may_try_again(
    method: bytes, *, anything_sent: bool, whole_request_kept: bool, response_begun: bool
) -> bool:
    """Whether the request may be sent once more without doing something twice.

    Args:
        method: request method.
        anything_sent: a byte of it may have reached the server.
        whole_request_kept: all that was sent is still at hand to be sent again.
        response_begun: a byte of an answer was seen (interim answers included).
    """
    if response_begun:
        return False
    if not anything_sent:
        return True
    return whole_request_kept and method in _IDEMPOTENT
