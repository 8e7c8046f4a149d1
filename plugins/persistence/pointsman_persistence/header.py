"""``header``: a client belongs to a member by the value of a header."""

from __future__ import annotations

from pydantic import Field

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, short
from pointsman_persistence.server_cookie import TOKEN


class HeaderSettings(PinSettings):
    """Which header it is, and how long its value is remembered.

    Attributes:
        header: its name.
    """

    header: str = Field(pattern=TOKEN, max_length=256, examples=["X-Tenant"])


class Header(KeyedPins):
    """Pins by the value of a header; of several lines the first counts.

    Args:
        table: where the pins are; its times are this persistence's.
        header: name of the header.

    Source: the LoadMaster's "selected header".
    """

    __slots__ = ("_header",)

    def __init__(self, table: Table, header: bytes) -> None:
        super().__init__(table)
        self._header = header

    def key(self, arrival: Arrival) -> bytes:
        """The value, b"" where there is none."""
        request = arrival.request
        return short(request.headers.get(self._header) or b"") if request is not None else b""


def make(settings: HeaderSettings, surroundings: Surroundings) -> Header:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("header", surroundings)
    return Header(settings.open_table(surroundings), settings.header.encode())


OFFER = Offer(HeaderSettings, make, "A client belongs to a member by the value of a header.")
