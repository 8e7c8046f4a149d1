"""An identity: a certificate that can be served, with its key and the chain up to its root."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cryptography import x509

from pointsman_ssl import certificate as read
from pointsman_ssl.certificate import Address, ServerKey
from pointsman_ssl.stapling import Stapling


@dataclass(frozen=True)
class Identity:
    """What a TLS server shows and proves. Two are equal if they show the same.

    Attributes:
        name: as in the configuration, such as "LyncWebPool".
        leaf: its own certificate.
        key: its private key; in no repr, no message, no log.
        chain: what is sent after the leaf, nearest issuer first, the root left out.
        temporary: made by us because there was none, to be replaced by a real one.
        issuer: who has issued the leaf, if that is at hand: it may be a root, and so not sent.
        stapling: what is sent with it about its not being revoked, None for nothing.
    """

    name: str
    leaf: x509.Certificate
    key: ServerKey = field(repr=False, compare=False)
    chain: tuple[x509.Certificate, ...] = ()
    temporary: bool = False
    issuer: x509.Certificate | None = field(default=None, repr=False, compare=False)
    stapling: Stapling | None = field(default=None, repr=False, compare=False)

    @cached_property
    def dns_names(self) -> tuple[str, ...]:
        """Names it is for, exact ones and ``*.wildcards``; the common name if it has no others."""
        names = read.dns_names(self.leaf)
        common = read.common_name(self.leaf.subject).lower()
        return names or ((common,) if common and not self.addresses else ())

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        """IP addresses it is for. A client never sends one as SNI (RFC 6066 section 3)."""
        return read.addresses(self.leaf)

    @property
    def not_before(self) -> datetime:
        """Valid from, in UTC."""
        return self.leaf.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """Valid until, in UTC."""
        return self.leaf.not_valid_after_utc

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf, hexadecimal."""
        return read.fingerprint(self.leaf)

    @cached_property
    def key_type(self) -> str:
        """Kind of key, such as "ECDSA P-256" or "RSA 2048"."""
        return read.key_words(self.key)

    def days_left(self, now: datetime) -> int:
        """Whole days until the leaf expires, negative when it has."""
        return read.days_left(self.leaf, now)
