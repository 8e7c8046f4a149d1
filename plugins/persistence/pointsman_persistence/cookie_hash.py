"""``cookie_hash``: a client belongs to a member by all its cookies together."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from pointsman.contracts import Arrival, Offer, Surroundings
from pointsman.model.cookies import cookies_in
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, octets_of


class CookieHashSettings(PinSettings):
    """How long the cookies of a client are remembered."""


class CookieHash(KeyedPins):
    """Pins by a digest of all cookies, in whatever order they come.

    Any change of any of them makes another client of it. Who sends none is never pinned.

    Source: the LoadMaster's "hash all cookies".
    """

    __slots__ = ()

    def key(self, arrival: Arrival) -> bytes:
        """A digest of names and values, b"" without cookies."""
        request = arrival.request
        if request is None:
            return b""
        return _digest(request.headers.get_all(b"cookie"))

    def key_for(self, text: str) -> bytes:
        """The key of all cookies, as they stand in a Cookie header."""
        return _digest([octets_of(text)])


def _digest(lines: Iterable[bytes]) -> bytes:
    pairs = [pair for line in lines for pair in cookies_in(line)]
    if not pairs:
        return b""
    # No name holds a semicolon, and no value does.
    told = b";".join(b"%b=%b" % pair for pair in sorted(pairs))
    return blake2b(told, digest_size=16).digest()


def make(settings: CookieHashSettings, surroundings: Surroundings) -> CookieHash:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("cookie_hash", surroundings)
    return CookieHash(settings.open_table(surroundings))


OFFER = Offer(CookieHashSettings, make, "A client belongs to a member by all its cookies.")
