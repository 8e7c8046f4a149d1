"""``host``: all requests for one host belong to one member."""

from __future__ import annotations

from pointsman.contracts import Arrival, Offer, Surroundings
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, octets_of, plain, short


class HostSettings(PinSettings):
    """How long a host is remembered."""


class Host(KeyedPins):
    """Pins by the host that a request is for, without its port.

    Source: the LoadMaster's "host header".
    """

    __slots__ = ()

    def key(self, arrival: Arrival) -> bytes:
        """The host in lower case, b"" if a client of HTTP/1.0 names none."""
        request = arrival.request
        if request is None:
            return b""
        return _key(request.host)

    def key_for(self, text: str) -> bytes:
        """The key of a host, its port or none."""
        return _key(octets_of(text))

    def shown(self, key: bytes) -> str:
        """The host: everybody may know it."""
        host = plain(key)
        return f"{host}]" if host.startswith("[") else host


def _key(host: bytes) -> bytes:
    host = host.lower()
    end = b"]" if host[:1] == b"[" else b":"  # of an IPv6 address
    return short(host.partition(end)[0].rstrip(b"."))


def make(settings: HostSettings, surroundings: Surroundings) -> Host:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("host", surroundings)
    return Host(settings.open_table(surroundings))


OFFER = Offer(HostSettings, make, "All requests for one host belong to one member.")
