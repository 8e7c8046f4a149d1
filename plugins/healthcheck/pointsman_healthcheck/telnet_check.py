"""A telnet check: whatever comes is a sign of life, options to negotiate or a prompt (RFC 854)."""

from __future__ import annotations

from pointsman.contracts import Verdict
from pointsman_healthcheck.dialogue import SOME, Talk
from pointsman_healthcheck.greeting import maker


def talk() -> Talk:
    """Hear something. What exactly is not told, as that depends on how it is split."""
    yield b"", SOME
    return Verdict(True, "the server says something")


make = maker("telnet", talk)
