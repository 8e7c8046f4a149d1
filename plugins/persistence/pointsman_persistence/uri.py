"""``uri``: all requests for one address belong to one member."""

from __future__ import annotations

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, short


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


def make(settings: UriSettings, surroundings: Surroundings) -> Uri:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("uri", surroundings)
    return Uri(settings.open_table(surroundings), settings.query)


OFFER = Offer(UriSettings, make, "All requests for one address belong to one member.")
