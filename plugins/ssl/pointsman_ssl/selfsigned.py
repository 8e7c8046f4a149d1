"""Temporary certificates, made by us for services that were given none."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pointsman_ssl.identity import Identity

DAYS = 30
_LONGEST_COMMON_NAME = 64  # RFC 5280 appendix A.1, ub-common-name
_CLOCKS_DIFFER = timedelta(hours=1)


def self_signed(
    name: str, hosts: Sequence[str], now: datetime, days: int = DAYS, *, temporary: bool = True
) -> Identity:
    """A new identity that nobody vouches for: ECDSA P-256, its own key each time.

    Args:
        name: of the identity.
        hosts: host names, ``*.wildcards`` and IP addresses it shall be for; none means localhost.
        now: with a time zone; it is valid from an hour before, for clocks that are late.
        days: how long it is valid.
        temporary: whether it only stands in for a real one.

    Raises:
        ValueError: one of ``hosts`` is no host name and no address.
    """
    alternative = [_general_name(host) for host in dict.fromkeys(hosts or ["localhost"])]
    first = str(alternative[0].value)
    common = first if len(first) <= _LONGEST_COMMON_NAME else "pointsman"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pointsman self-signed"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Identity(name, certificate, key, temporary=temporary)


def _general_name(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    labels = host.lower().rstrip(".").removeprefix("*.").split(".")
    if not all(map(_is_label, labels)):
        raise ValueError(f"{host!r} is neither a host name nor an IP address")
    return x509.DNSName(host.lower().rstrip("."))


def _is_label(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and plain.isalnum() and label.isascii()
