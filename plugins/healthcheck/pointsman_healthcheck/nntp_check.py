"""An NNTP check: 200 and 201 are ready, posting allowed or not (RFC 3977 section 5.1)."""

from __future__ import annotations

from pointsman_healthcheck.dialogue import Talk, coded_reply
from pointsman_healthcheck.greeting import greeted, maker


def talk() -> Talk:
    """Hear the greeting."""
    code, said = yield from coded_reply()
    return greeted("NNTP", code, said, (200, 201), b"QUIT\r\n")


make = maker("NNTP", talk)
