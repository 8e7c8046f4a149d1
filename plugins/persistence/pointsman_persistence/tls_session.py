"""``tls_session``: a client belongs to a member by the TLS session that it wants to resume."""

from __future__ import annotations

from pointsman.contracts import Arrival, Misfit, Offer, Surroundings
from pointsman_persistence.keyed import KeyedPins, PinSettings, octets_in


class TlsSessionSettings(PinSettings):
    """How long a session is remembered."""


class TlsSession(KeyedPins):
    """Pins by the session id in the first message of a client whose TLS passes through.

    Sessions of TLS 1.3, and those that are kept in tickets, have no such id.

    Source: the LoadMaster's "SSL session ID".
    """

    __slots__ = ()

    def key(self, arrival: Arrival) -> bytes:
        """The session id."""
        return arrival.connection.session_id

    def key_for(self, text: str) -> bytes:
        """The session id in hexadecimal."""
        return octets_in(text)

    @property
    def warnings(self) -> tuple[str, ...]:
        """It hardly ever does what is hoped for."""
        return (
            "tls_session pins nobody who speaks TLS 1.3 or keeps sessions in tickets, which is"
            " nearly everybody: take source_ip, or take TLS off and use a cookie",
        )


def make(settings: TlsSessionSettings, surroundings: Surroundings) -> TlsSession:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    if surroundings.mode == "http":
        raise Misfit(
            "tls_session looks at TLS that passes through, and in http mode it is taken off",
            "use a cookie: server_cookie or active_cookie",
        )
    return TlsSession(settings.open_table(surroundings))


OFFER = Offer(TlsSessionSettings, make, "A client belongs to a member by its TLS session.")
