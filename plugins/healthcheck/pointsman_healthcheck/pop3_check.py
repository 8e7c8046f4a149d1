"""A POP3 check: the greeting begins with ``+OK`` (RFC 1939 section 4)."""

from __future__ import annotations

from pointsman.contracts import Verdict
from pointsman_healthcheck.dialogue import Talk, line, shown
from pointsman_healthcheck.greeting import maker


def talk() -> Talk:
    """Hear the greeting."""
    said = yield from line()
    if said[:3].upper() == b"+OK" and said[3:4] in (b"", b" "):
        return Verdict(True, f"greets with {shown(said)}", farewell=b"QUIT\r\n")
    return Verdict(False, f"greeting {shown(said)}, expected +OK", "a greeting that begins +OK")


make = maker("POP3", talk)
