"""``rdp_cookie``: a client of Remote Desktop belongs to a member by its user, or by its broker."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pointsman.contracts import Arrival, Misfit, Offer, Sight, Surroundings, Table
from pointsman.model.server import RealServer
from pointsman_persistence.keyed import KeyedPins, PinSettings, octets_of, plain, short

# The longest connection request that is waited for, octets; real ones have less than 100.
_MOST = 1024
# MS-RDPBCGR section 2.2.1.1: TPKT header, X.224 connection request, then one line of either.
_USER = re.compile(rb"Cookie: mstshash=([^\r\n]*)\r\n")
_TOKEN = re.compile(rb"Cookie: msts=([0-9]{1,10})\.([0-9]{1,5})\.[0-9]{1,5}\r\n")
_HEADERS = 4 + 7


class RdpCookieSettings(PinSettings):
    """How long a user is remembered."""


class RdpCookie(KeyedPins):
    """Pins by the user in ``mstshash``; a routing token of a broker names the member itself.

    The token holds the address and port of a server, which is looked up among the members. It is
    no pin: nothing is remembered of it, and where it names no member the user counts.

    Args:
        table: where the pins are; its times are this persistence's.

    Source: MS-RDPBCGR sections 2.2.1.1 and 3.2.5.3.1; HAProxy's ``rdp_cookie``, IPVS.
    """

    __slots__ = ("_members",)

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._members: dict[tuple[str, int], str] = {}

    @property
    def wants_first_bytes(self) -> bool:
        """The request stands there."""
        return True

    def has_enough(self, data: bytes) -> bool:
        """Whether the connection request is whole, or it is clear that there is none."""
        if data[:1] != b"\3" or len(data) >= _MOST:
            return True
        return len(data) >= 4 and len(data) >= int.from_bytes(data[2:4], "big")

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member that the token names, or that the user is pinned to."""
        named = self._named(arrival)
        if named is not None:
            arrival.kept = b""  # there is nothing to remember
            return named
        return super().find(arrival, now)

    def look(self, arrival: Arrival, now: float) -> Sight:
        """The token or the user."""
        named = self._named(arrival)
        if named is not None:
            return Sight(member=named, note="named by the routing token of a broker")
        return super().look(arrival, now)

    def key(self, arrival: Arrival) -> bytes:
        """The user, with regard to nothing but its letters."""
        match = _USER.match(_request_in(arrival.connection.first_bytes))
        return short(match[1].strip().lower()) if match is not None else b""

    def key_for(self, text: str) -> bytes:
        """The key of a user; Windows sends no more than nine letters of it."""
        return short(octets_of(text).strip().lower())

    def shown(self, key: bytes) -> str:
        """The user."""
        return plain(key)

    def keep(self, servers: Sequence[RealServer]) -> None:
        """These are the servers that a token can name."""
        self._members = {
            (server.address.host, server.address.port): server.name for server in servers
        }

    def _named(self, arrival: Arrival) -> str | None:
        match = _TOKEN.match(_request_in(arrival.connection.first_bytes))
        if match is None:
            return None
        address, port = int(match[1]), int(match[2])
        if address > 0xFFFFFFFF or port > 0xFFFF:
            return None
        # Both are in the order of octets that Windows has, and not that of the network.
        host = ".".join(str(octet) for octet in address.to_bytes(4, "little"))
        return self._members.get((host, int.from_bytes(port.to_bytes(2, "little"), "big")))


def _request_in(data: bytes) -> bytes:
    """What follows the headers of a connection request, b"" if it is none."""
    return data[_HEADERS:] if data[:2] == b"\3\0" and data[5:6] == b"\xe0" else b""


def make(settings: RdpCookieSettings, surroundings: Surroundings) -> RdpCookie:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    if surroundings.mode == "http":
        raise Misfit("rdp_cookie is for Remote Desktop, not for HTTP", "write `mode: tcp`")
    return RdpCookie(settings.open_table(surroundings))


OFFER = Offer(RdpCookieSettings, make, "A client belongs to a member by its Remote Desktop user.")
