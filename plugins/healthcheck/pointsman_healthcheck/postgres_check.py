"""A PostgreSQL check: the server answers a startup message of protocol 3.0."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pydantic import Field

from pointsman.contracts import Settings, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Talk, exactly, shown

_VERSION = 3 << 16
_LONGEST = 8192  # of a message that is still read
_TERMINATE = b"X\x00\x00\x00\x04"
# SQLSTATE classes that a server answers with which works, but does not know us: invalid
# authorization, and no such database.
_ASKS_WHO = (b"28", b"3D")


class PostgresSettings(Settings):
    """Whose startup is tried; no password is ever sent."""

    user: str = Field(
        default="pointsman", min_length=1, max_length=63, description="name to start with"
    )
    database: str = Field(
        default="",
        max_length=63,
        description="which is asked for; else that of the user",
        examples=["shop"],
    )


@dataclass(frozen=True)
class PostgresCheck:
    """Starts a session as far as the server asks for a password."""

    user: str
    database: str

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return f"PostgreSQL startup as {self.user}"

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(self._talk())

    def _talk(self) -> Talk:
        head = yield from exactly(5, self._startup())
        kind, size = head[:1], int.from_bytes(head[1:])
        if kind not in (b"R", b"E", b"v") or not 4 <= size <= _LONGEST:
            return Verdict(False, f"not PostgreSQL: {shown(head)}")
        body = yield from exactly(size - 4)
        if kind != b"E":
            return Verdict(True, "it asks who we are", farewell=_TERMINATE)
        fields = _fields(body)
        state = fields.get(b"C", b"")
        words = f"{fields.get(b'M', b'').decode('utf-8', 'replace')!r} ({shown(state)[1:-1]})"
        if state[:2] in _ASKS_WHO:
            return Verdict(True, f"it answers {words}")
        return Verdict(False, f"it answers {words}", "a server that is ready for connections")

    def _startup(self) -> bytes:
        pairs = {"user": self.user, "database": self.database or self.user}
        pairs["application_name"] = "pointsman-health"
        body = b"".join(f"{key}\0{value}\0".encode() for key, value in pairs.items()) + b"\0"
        return struct.pack("!II", len(body) + 8, _VERSION) + body


def _fields(body: bytes) -> dict[bytes, bytes]:
    """The fields of an error: a letter and a text each, the last one ended by an empty one."""
    return {part[:1]: part[1:] for part in body.split(b"\0") if part}


def make(settings: PostgresSettings, surroundings: Surroundings, /) -> PostgresCheck:
    """The check that these settings describe."""
    return PostgresCheck(settings.user, settings.database)
