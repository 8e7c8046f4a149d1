"""``authorization``: a client belongs to a member by the credentials it sends."""

from __future__ import annotations

from hashlib import blake2b

from pointsman.contracts import Arrival, Offer, Surroundings, Table
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, octets_of

# Their tokens differ from message to message (RFC 4559), so they tell nothing of who it is.
_CHANGING = (b"ntlm", b"negotiate", b"kerberos")


class AuthorizationSettings(PinSettings):
    """What counts beside the credentials, and how long they are remembered.

    Attributes:
        user_agent: whether programs with the same credentials are clients apart.
        anonymous: whether clients without credentials are pinned by their User-Agent alone.
    """

    user_agent: bool = True
    anonymous: bool = False


class Authorization(KeyedPins):
    """Pins by a digest of Authorization and User-Agent: the credentials themselves are not kept.

    Args:
        table: where the pins are; its times are this persistence's.
        user_agent: whether the User-Agent counts.
        anonymous: whether it alone is enough.

    Source: the LoadMaster's "super HTTP".
    """

    __slots__ = ("_anonymous", "_user_agent")

    def __init__(self, table: Table, user_agent: bool = True, anonymous: bool = False) -> None:
        super().__init__(table)
        self._user_agent = user_agent
        self._anonymous = anonymous

    def key(self, arrival: Arrival) -> bytes:
        """The digest, b"" for a client without credentials that last."""
        request = arrival.request
        if request is None:
            return b""
        headers = request.headers
        return self._key(headers.get(b"authorization") or b"", headers.get(b"user-agent") or b"")

    def key_for(self, text: str) -> bytes:
        """The key of an Authorization, and of the User-Agent in a second line where that counts."""
        credentials, _, agent = text.partition("\n")
        return self._key(octets_of(credentials.strip()), octets_of(agent.strip()))

    def _key(self, credentials: bytes, agent: bytes) -> bytes:
        if credentials.partition(b" ")[0].lower() in _CHANGING:
            credentials = b""
        if not credentials and not self._anonymous:
            return b""
        if credentials and not self._user_agent:
            agent = b""
        if not credentials and not agent:
            return b""
        told = b"%b\0%b" % (credentials, agent)
        return blake2b(told, digest_size=16, person=b"authorization").digest()


def make(settings: AuthorizationSettings, surroundings: Surroundings) -> Authorization:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    needs_http("authorization", surroundings)
    table = settings.open_table(surroundings)
    return Authorization(table, settings.user_agent, settings.anonymous)


OFFER = Offer(AuthorizationSettings, make, "A client belongs to a member by its credentials.")
