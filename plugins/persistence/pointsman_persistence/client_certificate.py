"""``client_certificate``: a client belongs to a member by the certificate it shows."""

from __future__ import annotations

from pointsman.contracts import Arrival, Offer, Surroundings
from pointsman_persistence.keyed import KeyedPins, PinSettings, octets_in


class ClientCertificateSettings(PinSettings):
    """How long a certificate is remembered."""


class ClientCertificate(KeyedPins):
    """Pins by the SHA-256 fingerprint of the client's certificate; without one there is no pin.

    It works in both modes, wherever TLS is taken off and clients are asked for certificates.
    """

    __slots__ = ()

    def key(self, arrival: Arrival) -> bytes:
        """The fingerprint."""
        return arrival.connection.client_certificate

    def key_for(self, text: str) -> bytes:
        """The fingerprint in hexadecimal, with or without colons."""
        return octets_in(text)

    def shown(self, key: bytes) -> str:
        """The fingerprint in hexadecimal: everybody may know it."""
        return key.hex()


def make(settings: ClientCertificateSettings, surroundings: Surroundings) -> ClientCertificate:
    """A persistence for one pool. Raises ValueError for a table that cannot be opened."""
    return ClientCertificate(settings.open_table(surroundings))


OFFER = Offer(
    ClientCertificateSettings, make, "A client belongs to a member by the certificate it shows."
)
