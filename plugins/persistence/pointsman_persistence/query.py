"""``query``: a client belongs to a member by the value of a query parameter."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from pydantic import Field

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, short


class QuerySettings(PinSettings):
    """Which parameter it is, and how long its value is remembered.

    Attributes:
        parameter: its name, as it is without encoding.
    """

    parameter: str = Field(min_length=1, max_length=256, examples=["tenant"])


class Query(KeyedPins):
    """Pins by the value of a query parameter, whatever its place and encoding.

    ``%41`` is ``A`` and ``+`` is a blank, in names and in values. Of several the first counts,
    and an empty value does not.

    Args:
        table: where the pins are; its times are this persistence's.
        parameter: name of the parameter.

    Source: the LoadMaster's "query hash"; the encoding is that of HTML forms (WHATWG URL 5.1).
    """

    __slots__ = ("_parameter",)

    def __init__(self, table: Table, parameter: bytes) -> None:
        super().__init__(table)
        self._parameter = parameter

    def key(self, arrival: Arrival) -> bytes:
        """The decoded value, b"" where there is none."""
        query = arrival.request.query if arrival.request is not None else b""
        if not query:
            return b""
        wanted = self._parameter
        for pair in query.partition(b"#")[0].split(b"&"):
            name, equals, value = pair.partition(b"=")
            if equals and (name == wanted or _decoded(name) == wanted):
                return short(_decoded(value))
        return b""


def _decoded(text: bytes) -> bytes:
    if b"+" in text:
        text = text.replace(b"+", b" ")
    return unquote_to_bytes(text) if b"%" in text else text


def make(settings: QuerySettings, surroundings: Surroundings) -> Query:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("query", surroundings)
    return Query(settings.open_table(surroundings), settings.parameter.encode())


OFFER = Offer(QuerySettings, make, "A client belongs to a member by a query parameter.")
