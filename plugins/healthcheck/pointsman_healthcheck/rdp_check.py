"""An RDP check: a connection request is confirmed (MS-RDPBCGR sections 2.2.1.1 and 2.2.1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.contracts import Settings, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Talk, exactly, shown

_LONGEST = 1024
_REQUEST, _CONFIRM = 0xE0, 0xD0
# We could do TLS, CredSSP (NLA) and early user authorization: whatever the server wants.
_PROTOCOLS = 0x1 | 0x2 | 0x8
_NEGOTIATION = b"\x01\x00\x08\x00" + _PROTOCOLS.to_bytes(4, "little")
_X224 = bytes([6 + len(_NEGOTIATION), _REQUEST, 0, 0, 0, 0, 0]) + _NEGOTIATION
_ASKED = b"\x03\x00" + (4 + len(_X224)).to_bytes(2) + _X224
_RESPONSE, _FAILURE = 2, 3
_CHOSEN = {0: "no TLS", 1: "TLS", 2: "NLA", 8: "NLA with early authorization"}
_FAILURES = {
    1: "it requires TLS",
    2: "it allows no TLS",
    3: "it has no certificate",
    4: "its flags are inconsistent",
    5: "it requires NLA",
    6: "it requires TLS with a client certificate",
}
# A server without a certificate can serve nobody; the others only want it done otherwise.
_DOWN = {3}


class RdpSettings(Settings):
    """There is nothing to set."""


@dataclass(frozen=True)
class RdpCheck:
    """Asks for a session as far as the choice of a protocol; NLA is none of its business."""

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return "RDP connection request"

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(_talk())


def _talk() -> Talk:
    head = yield from exactly(4, _ASKED)
    size = int.from_bytes(head[2:])
    if head[0] != 3 or not 11 <= size <= _LONGEST:
        return Verdict(False, f"not RDP: {shown(head)}")
    body = yield from exactly(size - 4)
    if body[1] & 0xF0 != _CONFIRM:
        return Verdict(False, f"the connection is not confirmed: {shown(body)}")
    negotiated = body[7:15]
    if len(negotiated) < 8:
        return Verdict(True, "confirmed, without a word on security")
    value = int.from_bytes(negotiated[4:], "little")
    if negotiated[0] == _FAILURE:
        words = _FAILURES.get(value, f"failure {value}")
        return Verdict(value not in _DOWN, f"confirmed, but {words}")
    if negotiated[0] != _RESPONSE:
        return Verdict(False, f"confirmed with {shown(negotiated)}")
    return Verdict(True, f"confirmed, with {_CHOSEN.get(value, f'protocol {value}')}")


def make(settings: RdpSettings, surroundings: Surroundings, /) -> RdpCheck:
    """The one RDP check there is."""
    return RdpCheck()
