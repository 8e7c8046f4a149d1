"""What a certificate says of itself, in words and names; nothing it says wrongly makes us fail."""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PrivateKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
ServerKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_DAY = timedelta(days=1)
_E = TypeVar("_E", bound=x509.ExtensionType)


@contextmanager
def tolerantly() -> Iterator[None]:
    """Read odd certificates without warnings: some old roots have serial numbers below 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def decoded(der: bytes) -> x509.Certificate:
    """A certificate from its DER.

    Raises:
        ValueError: it is damaged.
    """
    try:
        with tolerantly():
            made = x509.load_der_x509_certificate(der)
            # Read now what is read anyway, so that nothing fails later.
            _ = made.subject, made.issuer, made.not_valid_before_utc, made.not_valid_after_utc
    except (UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(str(error)) from None
    return made


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the whole certificate, 64 hexadecimal digits in lower case."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def spki(owner: x509.Certificate | PrivateKeyTypes) -> bytes:
    """The public key as DER, by which a key and its certificate know each other.

    Raises:
        ValueError: it is of a kind that is not known, or damaged.
    """
    try:
        public = owner.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UnsupportedAlgorithm as error:
        raise ValueError(f"a public key of an unknown kind: {error}") from None


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Its DNS names, lower case: ``pool.example``, ``*.web.example``. Empty without any."""
    found = _alternative(certificate)
    if found is None:
        return ()
    names = (name.lower().rstrip(".") for name in found.get_values_for_type(x509.DNSName))
    return tuple(dict.fromkeys(names))


def addresses(certificate: x509.Certificate) -> tuple[Address, ...]:
    """Its IP addresses, in their order."""
    found = _alternative(certificate)
    given = found.get_values_for_type(x509.IPAddress) if found else []
    kinds = (ipaddress.IPv4Address, ipaddress.IPv6Address)
    return tuple(one for one in given if isinstance(one, kinds))


def common_name(name: x509.Name) -> str:
    """The last common name of a subject or issuer, "" if it has none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    value = found[-1].value if found else ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def subject_words(name: x509.Name) -> str:
    """A subject or issuer for people: its common name, else all of it."""
    return _printable(common_name(name) or name.rfc4514_string() or "a subject without a name")


def called(certificate: x509.Certificate) -> str:
    """A certificate in a message: its subject and a few of the names it is for."""
    subject = subject_words(certificate.subject)
    also = [*dns_names(certificate), *map(str, addresses(certificate))]
    others = [_printable(name) for name in also if name != subject.lower()]
    if not others:
        return repr(subject)
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"{subject!r} ({', '.join(others[:3])}{more})"


def key_words(key: CertificatePublicKeyTypes | PrivateKeyTypes) -> str:
    """The kind of a key, such as "RSA 2048", "ECDSA P-256" or "Ed25519"."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return f"ECDSA {_CURVES.get(key.curve.name, key.curve.name)}"
    kind = type(key).__name__.lstrip("_")
    return kind.removesuffix("PrivateKey").removesuffix("PublicKey")


def key_type(certificate: x509.Certificate) -> str:
    """The kind of its key in words; "unknown" where it is."""
    try:
        return key_words(certificate.public_key())
    except (UnsupportedAlgorithm, ValueError):
        return "unknown"


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether its basic constraints say that it may issue others (RFC 5280 section 4.2.1.9)."""
    found = extension(certificate, x509.BasicConstraints)
    return found is not None and found.ca


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Whether subject and issuer are one: a root, or a self-signed leaf."""
    return certificate.subject == certificate.issuer


def issuer_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where it says that its issuer's certificate can be fetched (RFC 5280 section 4.2.2.1)."""
    return _access(certificate, AuthorityInformationAccessOID.CA_ISSUERS)


def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where it says that its state can be asked for by OCSP (likewise)."""
    return _access(certificate, AuthorityInformationAccessOID.OCSP)


def _access(certificate: x509.Certificate, wanted: x509.ObjectIdentifier) -> tuple[str, ...]:
    found = extension(certificate, x509.AuthorityInformationAccess)
    return tuple(
        _printable(access.access_location.value)
        for access in found or ()
        if access.access_method == wanted
        and isinstance(access.access_location, x509.UniformResourceIdentifier)
    )


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Whole days until it expires, negative when it has."""
    return (certificate.not_valid_after_utc - now) // _DAY


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether it is neither expired nor not yet valid."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    """One of its extensions; None if it has none, or has damaged ones."""
    try:
        with tolerantly():
            return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _alternative(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    return extension(certificate, x509.SubjectAlternativeName)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
