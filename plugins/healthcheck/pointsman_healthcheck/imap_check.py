"""An IMAP check: ``* OK`` and ``* PREAUTH`` are ready, ``* BYE`` is not (RFC 9051 section 7.1)."""

from __future__ import annotations

import re

from pointsman.contracts import Verdict
from pointsman_healthcheck.dialogue import Talk, line, shown
from pointsman_healthcheck.greeting import maker

_READY = re.compile(rb"\* (OK|PREAUTH)( |$)", re.IGNORECASE)


def talk() -> Talk:
    """Hear the greeting."""
    said = yield from line()
    if _READY.match(said):
        return Verdict(True, f"greets with {shown(said)}", farewell=b"p LOGOUT\r\n")
    remedy = "a greeting that begins * OK"
    return Verdict(False, f"greeting {shown(said)}, expected * OK or * PREAUTH", remedy)


make = maker("IMAP", talk)
