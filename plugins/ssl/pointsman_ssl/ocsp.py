"""OCSP (RFC 6960): the question about a certificate, and whether an answer can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from pointsman_ssl.certificate import extension, is_valid, tolerantly
from pointsman_ssl.chain import is_issued_by

_CLOCKS_DIFFER = timedelta(minutes=5)
# Without a next update newer information is always to be had (RFC 6960 section 4.2.2.1).
_WITHOUT_NEXT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, ready to be stapled.

    Attributes:
        der: as the responder signed it.
        until: when it is out of date.
    """

    der: bytes
    until: datetime


def question(leaf: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The request for a certificate, DER; without a nonce, so that any cache may answer."""
    # Responders need not know more than SHA-1 (RFC 5019 section 2.1.1); it only names the issuer.
    return _asked(leaf, issuer, hashes.SHA1()).public_bytes(Encoding.DER)


def checked(der: bytes, leaf: x509.Certificate, issuer: x509.Certificate, now: datetime) -> Answer:
    """An answer that says in due form that the certificate is good.

    Args:
        der: what a responder sent.
        leaf: the certificate it must be about.
        issuer: who must have signed it, or have issued a certificate for who did.
        now: with a time zone.

    Raises:
        ValueError: it says something else, or cannot be believed.
    """
    try:
        with tolerantly():
            response = _decoded(der)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                told = response.response_status.name.lower().replace("_", " ")
                raise ValueError(f"the responder refuses: {told}")
            single = _about(response, leaf, issuer)
            if not _is_signed(response, issuer, now):
                raise ValueError("the response is not signed by the issuer of the certificate")
            return _judged(der, single, now)
    except (UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(f"the OCSP response cannot be read: {error}") from None


def _decoded(der: bytes) -> ocsp.OCSPResponse:
    try:
        return ocsp.load_der_ocsp_response(der)
    except ValueError:
        raise ValueError("this is no OCSP response") from None


def _about(
    response: ocsp.OCSPResponse, leaf: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    for single in response.responses:
        asked = _asked(leaf, issuer, single.hash_algorithm)
        if (single.serial_number, single.issuer_key_hash, single.issuer_name_hash) == (
            asked.serial_number,
            asked.issuer_key_hash,
            asked.issuer_name_hash,
        ):
            return single
    raise ValueError("the response is about another certificate")


def _asked(
    leaf: x509.Certificate, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> ocsp.OCSPRequest:
    return ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, algorithm).build()


def _judged(der: bytes, single: ocsp.OCSPSingleResponse, now: datetime) -> Answer:
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        raise ValueError(f"the certificate was revoked on {single.revocation_time_utc} UTC")
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise ValueError("the responder does not know the certificate")
    begins, ends = single.this_update_utc, single.next_update_utc
    if begins > now + _CLOCKS_DIFFER:
        raise ValueError(f"the response is not valid before {begins} (is the clock right?)")
    until = ends or begins + _WITHOUT_NEXT
    if until <= now:
        raise ValueError(f"the response is out of date since {until}")
    return Answer(der, until)


def _is_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> bool:
    """By the issuer itself, or by whom it has set up for that (RFC 6960 section 4.2.2.2)."""
    if _signed_by(response, issuer):
        return True
    for other in response.certificates:
        uses = extension(other, x509.ExtendedKeyUsage)
        if uses is None or ExtendedKeyUsageOID.OCSP_SIGNING not in uses:
            continue
        if is_valid(other, now) and is_issued_by(other, issuer) and _signed_by(response, other):
            return True
    return False


def _signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, signature = signer.public_key(), response.signature
    said, hash_ = response.tbs_response_bytes, response.signature_hash_algorithm
    try:
        if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, said)
        elif isinstance(key, ec.EllipticCurvePublicKey) and hash_ is not None:
            key.verify(signature, said, ec.ECDSA(hash_))
        elif isinstance(key, rsa.RSAPublicKey) and hash_ is not None:
            key.verify(signature, said, padding.PKCS1v15(), hash_)
        else:
            return False
    except InvalidSignature:
        return False
    return True
