"""``header_hash``: the value of a request header decides."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pointsman.contracts import Arrival, Offer, Settings, Surroundings
from pointsman_scheduling.rendezvous import Rendezvous, address_key

# RFC 9110 section 5.6.2.
_TOKEN = r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$"


class HeaderHashSettings(Settings):
    """Which header it is.

    Attributes:
        header: its name, upper and lower case alike.
    """

    header: Annotated[str, Field(pattern=_TOKEN, examples=["X-Tenant"])]


class HeaderHash(Rendezvous):
    """Weighted rendezvous hashing of the value of a header.

    The bytes count as they were sent, of the first field if there are several. A request
    without the header, or with an empty one, is decided by the client's address, as
    ``source_hash`` does; so is a connection in tcp mode, if a pool comes to serve one anyway.
    How it spreads and what moves when is told by ``Rendezvous``.

    Args:
        header: the name of the header.

    Source: HAProxy ``balance hdr(name)`` (which takes turns where the header is missing).
    """

    __slots__ = ("_header",)

    def __init__(self, header: bytes) -> None:
        super().__init__()
        self._header = header

    def _key(self, arrival: Arrival) -> bytes:
        request = arrival.request
        value = None if request is None else request.headers.get(self._header)
        return value or address_key(arrival.client_ip)


def make(settings: HeaderHashSettings, surroundings: Surroundings) -> HeaderHash:
    """A scheduler for one pool. Raises ValueError in tcp mode."""
    if surroundings.mode == "tcp":
        raise ValueError(
            "header_hash needs requests, and in tcp mode there are none: "
            "use source_hash, or `mode: http` in the virtual service"
        )
    return HeaderHash(settings.header.encode("ascii"))


OFFER = Offer(HeaderHashSettings, make, "The value of a request header decides.")
