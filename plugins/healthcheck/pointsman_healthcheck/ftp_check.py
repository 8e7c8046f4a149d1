"""An FTP check: the server greets with 220; 120 says that it will soon (RFC 959 section 5.4)."""

from __future__ import annotations

from pointsman_healthcheck.dialogue import Talk, coded_reply
from pointsman_healthcheck.greeting import greeted, maker


def talk() -> Talk:
    """Hear the greeting."""
    code, said = yield from coded_reply()
    while code == 120:
        code, said = yield from coded_reply()
    return greeted("FTP", code, said, (220,), b"QUIT\r\n")


make = maker("FTP", talk)
