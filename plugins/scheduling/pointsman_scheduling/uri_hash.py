"""``uri_hash``: the path that is asked for decides; for caches."""

from __future__ import annotations

from pointsman.contracts import Arrival, Offer, Settings, Surroundings
from pointsman_scheduling.rendezvous import Rendezvous, address_key


class URIHashSettings(Settings):
    """What of the target counts.

    Attributes:
        query: whether the query counts as well, from the question mark on.
    """

    query: bool = False


class URIHash(Rendezvous):
    """Weighted rendezvous hashing of the path, or of path and query.

    The bytes count as they were sent: ``/a`` and ``/%61`` are two keys. Scheme and authority of
    an absolute target (RFC 9112 section 3.2.2) do not count. A connection in tcp mode has no
    target; if a pool comes to serve one anyway, the client's address decides. How it spreads
    and what moves when is told by ``Rendezvous``.

    Args:
        query: whether the query counts as well.

    Source: the LoadMaster's ``uhash``; HAProxy ``balance uri [whole]``.
    """

    __slots__ = ("_query",)

    def __init__(self, query: bool = False) -> None:
        super().__init__()
        self._query = query

    def _key(self, arrival: Arrival) -> bytes:
        request = arrival.request
        if request is None:
            return address_key(arrival.client_ip)
        if not self._query:
            return request.path
        if request.target.startswith(b"/"):
            return request.target
        question_mark = b"?" if b"?" in request.target else b""
        return request.path + question_mark + request.query


def make(settings: URIHashSettings, surroundings: Surroundings) -> URIHash:
    """A scheduler for one pool. Raises ValueError in tcp mode."""
    if surroundings.mode == "tcp":
        raise ValueError(
            "uri_hash needs requests, and in tcp mode there are none: "
            "use source_hash, or `mode: http` in the virtual service"
        )
    return URIHash(settings.query)


OFFER = Offer(URIHashSettings, make, "The path that is asked for decides; for caches.")
