"""``uri``: all requests for one address belong to one member."""

from __future__ import annotations

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, plain, short


class UriSettings(PinSettings):
    """What of an address counts, and how long it is remembered.

    Attributes:
        query: whether what follows the question mark counts.
    """

    query: bool = True


class Uri(KeyedPins):
    """Pins by path and query as they were sent; the host does not count.

    Args:
        table: where the pins are; its times are this persistence's.
        query: whether the query counts.

    Source: the LoadMaster's "URL hash".
    """

    __slots__ = ("_query",)

    def __init__(self, table: Table, query: bool = True) -> None:
        super().__init__(table)
        self._query = query

    def key(self, arrival: Arrival) -> bytes:
        """The address."""
        request = arrival.request
        if request is None:
            return b""
        query = request.query if self._query else b""
        return short(b"%b?%b" % (request.path, query) if query else request.path)

    def key_for(self, text: str) -> bytes:
        """The key of path and query as they are sent; a query that does not count is left out."""
        path, mark, query = text.partition("?")
        return super().key_for(path + mark + query if query and self._query else path)

    def shown(self, key: bytes) -> str:
        """The path, if that is all: a query may hold secrets."""
        return "" if b"?" in key else plain(key)


def make(settings: UriSettings, surroundings: Surroundings) -> Uri:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("uri", surroundings)
    return Uri(settings.open_table(surroundings), settings.query)


OFFER = Offer(UriSettings, make, "All requests for one address belong to one member.")
