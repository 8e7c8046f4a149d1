"""``source_ip``: a client belongs to a member by its address."""

from __future__ import annotations

import ipaddress
from collections import Counter

from pydantic import Field

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman_persistence.keyed import KeyedPins, PinSettings

# Keys that are remembered by the text of their address, about 160 bytes each.
_KEPT_KEYS = 16_384
# One use of this many (a power of two, less one) is noted, to see whether one address has most.
_EACH = 63
# So many have to be noted for it, and at most this many addresses are.
_ENOUGH = 100
_MOST_NOTED = 1024


class SourceIPSettings(PinSettings):
    """Who is the same client.

    Attributes:
        mask_v4: leading bits of an IPv4 address that count, 32 for each address its own.
        mask_v6: leading bits of an IPv6 address that count. 64 by default: a host changes the
            other 64 by itself (temporary addresses, RFC 8981), and would lose its server each
            time; whoever owns a /64 could fill the table alone.
    """

    mask_v4: int = Field(default=32, ge=0, le=32, examples=[24])
    mask_v6: int = Field(
        default=64, ge=0, le=128, description="leading bits of an IPv6 address that count"
    )


class SourceIP(KeyedPins):
    """Pins by the client's address (the real one, behind trusted proxies), its mask applied.

    The key is the packed network: 4 bytes for IPv4, 16 for IPv6. An IPv4-mapped IPv6 address
    (RFC 4291 section 2.5.5.2) is the IPv4 address; a zone (``%eth0``) does not count. Clients
    without an address, such as those of a unix socket, are never pinned, nor is what is no
    address at all.

    Args:
        table: where the pins are; its times are this persistence's.
        mask_v4: leading bits that count, 0..32.
        mask_v6: likewise, 0..128.

    Source: the LoadMaster's ``src``, with the masks of IPVS (``--netmask``).
    """

    __slots__ = ("_find", "_kept", "_mask_v4", "_mask_v6", "_noted", "_uses")

    def __init__(self, table: Table, mask_v4: int = 32, mask_v6: int = 64) -> None:
        super().__init__(table)
        self._find = table.find
        self._mask_v4 = _mask(mask_v4, 32)
        self._mask_v6 = _mask(mask_v6, 128)
        # Reading an address takes several times as long as finding its pin.
        self._kept: dict[str, bytes] = {}
        self._uses = 0
        self._noted: Counter[bytes] = Counter()

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member that this client is pinned to, or None; the use is noted."""
        client_ip = arrival.client_ip
        key = self._kept.get(client_ip)
        if key is None:
            key = self._key(client_ip)
        arrival.kept = key
        if not key:
            return None
        self._uses += 1
        if not self._uses & _EACH:
            self._note(key)
        pin = self._find(key, now)
        return None if pin is None else pin.member

    def key(self, arrival: Arrival) -> bytes:
        """The network of the client, b"" where there is none."""
        return self._key(arrival.client_ip)

    def doubt(self) -> str:
        """Whether one address stands for most of the clients."""
        noted = sum(self._noted.values())
        if noted < _ENOUGH:
            return ""
        key, count = self._noted.most_common(1)[0]
        if count * 2 <= noted:
            self._noted.clear()  # what was is not what will be
            return ""
        return (
            f"{count * 100 // noted} % of what comes is from {self.shown(key)}, and all of it goes"
            " to one server. If that is a proxy, name it in `forwarding.trusted`; if it translates"
            " addresses, take a cookie"
        )

    def _note(self, key: bytes) -> None:
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[key] += 1

    def key_for(self, text: str) -> bytes:
        """The network of an address."""
        return self._network(text)

    def shown(self, key: bytes) -> str:
        """The address of the network."""
        return str(ipaddress.ip_address(key)) if len(key) in (4, 16) else ""

    def _key(self, client_ip: str) -> bytes:
        """The key of an address, b"" where there is none."""
        kept = self._kept
        key = kept.get(client_ip)
        if key is None:
            if len(kept) >= _KEPT_KEYS:
                kept.clear()
            key = kept[client_ip] = self._network(client_ip)
        return key

    def _network(self, client_ip: str) -> bytes:
        try:
            address = ipaddress.ip_address(client_ip)
        except ValueError:
            return b""
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is None:
                return (int(address) & self._mask_v6).to_bytes(16, "big")
            address = address.ipv4_mapped
        return (int(address) & self._mask_v4).to_bytes(4, "big")


def _mask(bits: int, width: int) -> int:
    return (1 << width) - (1 << width - bits)


def make(settings: SourceIPSettings, surroundings: Surroundings) -> SourceIP:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    return SourceIP(settings.open_table(surroundings), settings.mask_v4, settings.mask_v6)


OFFER = Offer(SourceIPSettings, make, "A client belongs to a member by its address.")
