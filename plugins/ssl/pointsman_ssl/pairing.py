"""Which of the certificates found is the leaf, and that its key is there: by public key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from pointsman_ssl.certificate import (
    ServerKey,
    called,
    is_ca,
    is_self_issued,
    is_valid,
    key_type,
    key_words,
    spki,
)
from pointsman_ssl.problems import CertificateError, Finding, Trouble
from pointsman_ssl.reading import Contents

SMALLEST_RSA = 2048  # NIST SP 800-57 part 1; OpenSSL refuses smaller ones at its security level 2


@dataclass(frozen=True, slots=True)
class Pair:
    """A leaf and its key, and what else was there.

    Attributes:
        leaf: the certificate to be served.
        key: its private key; in no repr.
        others: the certificates beside it, for its chain.
        findings: what is odd, though it can be served.
    """

    leaf: x509.Certificate
    key: ServerKey = field(repr=False)
    others: tuple[x509.Certificate, ...] = ()
    findings: tuple[Finding, ...] = ()


def paired(found: Contents, now: datetime) -> Pair:
    """The one leaf with its key.

    Args:
        found: everything that the files hold.
        now: to choose among an old and a new certificate for the same key.

    Raises:
        CertificateError: no certificate, no key, none that belong together, two leaves, or a key
            that no TLS server can use.
    """
    certificates = list(found.certificates.values())
    if not certificates:
        raise _no_certificate(found)
    if not found.keys:
        raise CertificateError(
            Trouble.NO_KEY,
            f"there is no private key for {called(likely_leaf(certificates))}",
            "name its file under `key`, or export the certificate with its private key",
            "key",
        )
    matched = [one for one in certificates if _public(one) in found.keys]
    if not matched:
        raise _mismatch(found, certificates)
    findings: list[Finding] = []
    leaves = [one for one in matched if not is_ca(one)] or matched
    if len({_public(one) for one in leaves}) > 1:
        raise CertificateError(
            Trouble.TWO_LEAVES,
            f"there are two certificates with a key: {_listed(leaves)}",
            "give each a name of its own under `certificates`",
        )
    for one in matched:
        if one not in leaves:
            findings.append(_ca_key(one))
    leaf = max(leaves, key=lambda one: (is_valid(one, now), one.not_valid_after_utc))
    if len(leaves) > 1:
        message = f"of {len(leaves)} certificates for one key the one valid longest is used"
        findings.append(Finding(Trouble.OLDER_LEFT_OUT, f"{message}: {called(leaf)}"))
    key = _usable(found.keys[_public(leaf)], leaf)
    others = tuple(one for one in certificates if one not in leaves)
    return Pair(leaf, key, others, tuple(findings))


def likely_leaf(certificates: list[x509.Certificate]) -> x509.Certificate:
    """The leaf among certificates without a key: one that issued none of the others."""
    issuers = {one.issuer for one in certificates if not is_self_issued(one)}
    candidates = [one for one in certificates if one.subject not in issuers] or certificates
    return next((one for one in candidates if not is_ca(one)), candidates[0])


def _no_certificate(found: Contents) -> CertificateError:
    if found.others:
        message = f"there is no certificate here, but a {found.others[0]}"
        hint = "the certificate is what the authority answers to it"
        hint = hint if "request" in found.others[0] else ""
    else:
        message, hint = "there is no certificate here, only a private key", ""
    return CertificateError(
        Trouble.NO_CERTIFICATE, message, hint or "add the file of the certificate"
    )


def _mismatch(found: Contents, certificates: list[x509.Certificate]) -> CertificateError:
    kinds = ", ".join(key_words(key) for key in found.keys.values())
    leaf = likely_leaf(certificates)
    return CertificateError(
        Trouble.KEY_MISMATCH,
        f"the private key ({kinds}) does not belong to {called(leaf)} ({key_type(leaf)})",
        "it belongs to another certificate, perhaps an older one",
        "key",
    )


def _ca_key(certificate: x509.Certificate) -> Finding:
    message = f"the private key of the authority {called(certificate)} is here as well"
    return Finding(Trouble.CA_KEY, message, "keep it off this machine: it can issue certificates")


def _usable(key: PrivateKeyTypes, leaf: x509.Certificate) -> ServerKey:
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < SMALLEST_RSA:
        raise CertificateError(
            Trouble.WEAK_KEY,
            f"the key of {called(leaf)} is too weak: {key_words(key)}, at least 2048 are needed",
            "have a new certificate issued for a new key",
            "key",
        )
    usable = (
        rsa.RSAPrivateKey,
        ec.EllipticCurvePrivateKey,
        ed25519.Ed25519PrivateKey,
        ed448.Ed448PrivateKey,
    )
    if not isinstance(key, usable):
        message = f"the key of {called(leaf)} is of a kind that TLS does not use: {key_words(key)}"
        raise CertificateError(Trouble.KEY_KIND, message, "RSA and ECDSA keys work", "key")
    return key


def _public(certificate: x509.Certificate) -> bytes:
    try:
        return spki(certificate)
    except ValueError:
        return b""  # a kind that is not known matches no key


def _listed(certificates: Iterable[x509.Certificate]) -> str:
    return " and ".join(called(one) for one in certificates)
