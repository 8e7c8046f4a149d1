"""``source_hash``: the client's address decides, and always the same."""

from __future__ import annotations

from pointsman.contracts import Arrival, Offer, Settings, Surroundings
from pointsman_scheduling.rendezvous import Rendezvous, address_key


class SourceHash(Rendezvous):
    """Weighted rendezvous hashing of the client's address (the real one, behind trusted proxies).

    Clients of a unix socket have no address: all of them belong to one server. Works in both
    modes. How it spreads and what moves when is told by ``Rendezvous``.

    Source: the LoadMaster's ``sh``; HAProxy ``balance source`` with ``hash-type consistent``.
    """

    __slots__ = ()

    def _key(self, arrival: Arrival) -> bytes:
        return address_key(arrival.client_ip)


def make(settings: Settings, surroundings: Surroundings) -> SourceHash:
    """A scheduler for one pool."""
    return SourceHash()


OFFER = Offer(Settings, make, "The client's address decides, always the same.")
