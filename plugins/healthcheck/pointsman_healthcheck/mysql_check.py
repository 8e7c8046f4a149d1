"""A MySQL or MariaDB check: the server greets, and if wanted answers a login without a password."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from pointsman.contracts import Settings, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Reply, Talk, exactly, shown

_LONGEST = 8192  # of a packet that is still read
# CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH
_ABILITIES = 0x0001 | 0x0200 | 0x8000 | 0x80000
_UTF8 = 33
_QUIT = b"\x01\x00\x00\x00\x01"
_OK, _EOF, _ERROR = 0x00, 0xFE, 0xFF
_DENIED = {1044, 1045, 1049, 1698, 1862, 4151}  # it works, but does not let us in


class MysqlSettings(Settings):
    """How far to go."""

    user: str = Field(
        default="",
        max_length=32,
        description="log in with this name and no password after the greeting",
        examples=["pointsman"],
    )


@dataclass(frozen=True)
class MysqlCheck:
    """Hears the greeting.

    A server counts connections that end there, and shuts an address out after
    ``max_connect_errors`` of them (100 by default) unless a login comes between; ``user`` is one.
    """

    user: str

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return f"MySQL login as {self.user}" if self.user else "MySQL greeting"

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(self._talk())

    def _talk(self) -> Talk:
        packet = yield from _packet(b"")
        if packet[:1] == b"\xff":
            return _refused(packet)
        if packet[:1] != b"\x0a":  # version 10 of the protocol, since MySQL 3.21
            return Verdict(False, f"not MySQL: {shown(packet)}")
        version = shown(packet[1:].partition(b"\0")[0])
        if not self.user:
            return Verdict(True, f"greets as {version}")
        packet = yield from _packet(self._login())
        code = packet[0] if packet else -1
        if code == _ERROR and _number(packet) not in _DENIED:
            return _refused(packet)
        if code not in (_OK, _EOF, _ERROR):
            return Verdict(False, f"it answers a login with {shown(packet)}")
        said = "lets us in" if code == _OK else "asks for a password"
        return Verdict(True, f"greets as {version}, {said}", farewell=_QUIT)

    def _login(self) -> bytes:
        body = _ABILITIES.to_bytes(4, "little") + (1 << 24).to_bytes(4, "little")
        body += bytes([_UTF8]) + bytes(23) + self.user.encode() + b"\0"
        body += b"\0"  # no password
        body += b"mysql_native_password\0"
        return len(body).to_bytes(3, "little") + b"\x01" + body


def _packet(say: bytes) -> Reply:
    head = yield from exactly(4, say)
    size = int.from_bytes(head[:3], "little")
    if not 0 < size <= _LONGEST:
        return b"?" + head
    return (yield from exactly(size))


def _number(packet: bytes) -> int:
    return int.from_bytes(packet[1:3], "little")


def _refused(packet: bytes) -> Verdict:
    words = packet[3:].decode("utf-8", "replace")[:200]
    remedy = "a server that takes connections from this address"
    return Verdict(False, f"it refuses us: {_number(packet)} {words!r}", remedy)


def make(settings: MysqlSettings, surroundings: Surroundings, /) -> MysqlCheck:
    """The check that these settings describe."""
    return MysqlCheck(settings.user)
