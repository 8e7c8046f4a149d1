"""The certificate store: identities by name, and the choice among a service's by SNI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from cryptography import x509

from pointsman_ssl.identity import Identity
from pointsman_ssl.watching import Watching


class CertificateStore:
    """Everything under ``certificates`` and ``intermediates`` of one configuration, read whole.

    It never changes: a reload makes a new one.

    Attributes:
        identities: by their name, in the order of the configuration.
        authorities: what each name under ``intermediates`` holds, roots included: for a chain to
            the client, and as the trust store that ``verify: NAME`` means.
        watched: who watches the files of which identity.
    """

    def __init__(
        self,
        identities: Iterable[Identity] = (),
        authorities: Mapping[str, tuple[x509.Certificate, ...]] | None = None,
        watched: Mapping[str, Watching] | None = None,
    ) -> None:
        self.identities: Mapping[str, Identity] = MappingProxyType(
            {identity.name: identity for identity in identities}
        )
        self.authorities: Mapping[str, tuple[x509.Certificate, ...]] = MappingProxyType(
            dict(authorities or {})
        )
        self.watched: Mapping[str, Watching] = MappingProxyType(dict(watched or {}))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CertificateStore):
            return NotImplemented
        return self.identities == other.identities and self.authorities == other.authorities

    __hash__ = None  # type: ignore[assignment]

    def changed_from(self, before: CertificateStore) -> Sequence[str]:
        """What other certificates stand under the same names (contracts.Comparable)."""
        return [
            *(
                f"certificate {name} changed: now valid until {new.not_after:%Y-%m-%d}"
                for name, new in self.identities.items()
                if name in before.identities and before.identities[name] != new
            ),
            *(
                f"intermediate {name} changed"
                for name, new in self.authorities.items()
                if name in before.authorities and before.authorities[name] != new
            ),
        ]

    def choice(self, names: Sequence[str]) -> SniChoice:
        """The choice among the certificates that a service names.

        Args:
            names: keys under ``certificates``, the default first.

        Raises:
            KeyError: there is no certificate of that name.
        """
        return SniChoice([self.identities[name] for name in names])


class SniChoice:
    """Finds the identity for the name that a client asks for: two look-ups at most.

    Attributes:
        identities: all of them, the default first.
    """

    __slots__ = ("_exact", "_wild", "identities")

    def __init__(self, identities: Iterable[Identity]) -> None:
        self.identities = tuple(identities)
        self._exact: dict[str, Identity] = {}
        self._wild: dict[str, Identity] = {}
        for identity in self.identities:
            for name in identity.dns_names:
                label, _, domain = name.partition(".")
                if label == "*":
                    self._wild.setdefault(domain, identity)
                else:
                    self._exact.setdefault(name, identity)

    @property
    def default(self) -> Identity | None:
        """The first: for clients without SNI, or with one that no certificate is for."""
        return self.identities[0] if self.identities else None

    def find(self, sni: str) -> Identity | None:
        """The identity for a name, None if there is none: the caller takes the default, or refuses.

        An exact name goes before a wildcard, which stands for one whole left-most label (RFC 6125
        section 6.4.3). Of several for one name the first in the list is taken.

        Args:
            sni: as the client sent it, in any case.
        """
        name = sni.lower().rstrip(".")
        found = self._exact.get(name)
        if found is not None:
            return found
        label, _, domain = name.partition(".")
        return self._wild.get(domain) if label else None
