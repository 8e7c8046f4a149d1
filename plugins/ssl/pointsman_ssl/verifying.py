"""Judging certificates of others: what OpenSSL found wrong, and whose name stands in them."""

from __future__ import annotations

import hashlib
import ipaddress
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import service_identity
from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)

from pointsman_ssl import certificate as read

_REVOKED = 23
# OpenSSL's x509_vfy.h; said of the certificate that is at fault.
_WRONG = {
    2: "the issuer of {cert} is unknown",
    3: "there is no revocation list of {issuer}",
    7: "the signature of {cert} is wrong",
    9: "{cert} is not valid yet, but from {begins}",
    10: "{cert} has expired on {ends}",
    12: "the revocation list of {issuer} is out of date",
    18: "{cert} is self-signed, and not among those we trust",
    19: "{cert} is a root that we do not trust",
    20: "the issuer of {cert}, {issuer}, is unknown (is an intermediate missing?)",
    21: "the issuer of {cert}, {issuer}, is unknown (is an intermediate missing?)",
    22: "the chain is too long",
    23: "{cert} has been revoked",
    24: "{cert} has issued another, but is no certificate authority",
    25: "{cert} may not be so far up a chain",
    26: "{cert} is not meant for this",
    32: "{cert} may not sign others",
    47: "{cert} is for a name that its authority may not vouch for",
    66: "the key of {cert} is too weak",
    67: "the key of {cert} is too weak",
    68: "the signature of {cert} is too weak",
    79: "{cert} has issued another, but is no certificate authority",
}


def noting_verify(
    connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int
) -> bool:
    """A verify callback that notes in the connection what is wrong; it never raises."""
    if not ok:
        try:
            words = in_words(certificate.to_cryptography(), error)
        except Exception:
            words = f"a certificate cannot be trusted (OpenSSL's error {error})"
        connection.set_app_data(words)
    return bool(ok)


Verify = Callable[[SSL.Connection, crypto.X509, int, int, int], bool]


def revoking_verify(lists: Iterable[x509.CertificateRevocationList]) -> Verify:
    """A verify callback that also refuses authorities which are revoked by these lists.

    OpenSSL looks up only the leaf, or else wants a list for every authority up to the root.
    """
    revoked = {(each.issuer, entry.serial_number) for each in lists for entry in each}

    def verify(
        connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int
    ) -> bool:
        if ok and depth:
            one = certificate.to_cryptography()
            if (one.issuer, one.serial_number) in revoked:
                error, ok = _REVOKED, 0
        return noting_verify(connection, certificate, error, depth, ok)

    return verify


def in_words(certificate: x509.Certificate, error: int) -> str:
    """What OpenSSL's error number means for that certificate."""
    template = _WRONG.get(error, f"{{cert}} cannot be trusted (OpenSSL's error {error})")
    return template.format(
        cert=repr(read.subject_words(certificate.subject)),
        issuer=repr(read.subject_words(certificate.issuer)),
        begins=f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
        ends=f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
    )


def trust(
    context: SSL.Context,
    authorities: Iterable[x509.Certificate],
    lists: Iterable[x509.CertificateRevocationList] = (),
) -> None:
    """Let a context trust these authorities and what they have issued, and nothing else.

    An intermediate that is named is trusted as it is, its root need not be here. With revocation
    lists a leaf must be covered by one of its issuer.
    """
    store = context.get_cert_store()
    if store is None:
        raise RuntimeError("the context has no certificate store")
    flags = crypto.X509StoreFlags.PARTIAL_CHAIN
    for authority in authorities:
        store.add_cert(_x509(authority))
    for revoked in lists:
        store.add_crl(revoked)
        flags |= crypto.X509StoreFlags.CRL_CHECK
    store.set_flags(flags)


def _x509(certificate: x509.Certificate) -> crypto.X509:
    return crypto.X509.from_cryptography(certificate)


def name_trouble(certificate: x509.Certificate, name: str) -> str:
    """ "" if the certificate is for that DNS name or IP address, else both names in words."""
    try:
        with warnings.catch_warnings():
            # A certificate without alternative names is no reason to warn: it is a mismatch.
            warnings.simplefilter("ignore")
            if _is_address(name):
                verify_certificate_ip_address(certificate, name)
            else:
                verify_certificate_hostname(certificate, name)
    except (service_identity.VerificationError, service_identity.CertificateError):
        names = [*read.dns_names(certificate), *map(str, read.addresses(certificate))]
        has = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return f"the certificate is for {has or 'no name at all'}, not for {name}"
    except (ValueError, UnicodeError) as error:
        return f"the certificate cannot be compared with {name}: {error}"
    return ""


def pin_of(certificate: x509.Certificate) -> str:
    """SHA-256 of the public key (SPKI, RFC 7469 section 2.4), hexadecimal."""
    return hashlib.sha256(read.spki(certificate)).hexdigest()


def noted(connection: Any) -> str:
    """What ``noting_verify`` found wrong with this connection's peer, or ""."""
    words = connection.get_app_data()
    return words if isinstance(words, str) else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
