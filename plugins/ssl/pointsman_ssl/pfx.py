"""PKCS#12, which Windows calls PFX: AES exports of today, RC2 and 3DES ones of yesterday."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import pkcs12

from pointsman_ssl.certificate import tolerantly
from pointsman_ssl.problems import CertificateError, Trouble

# RFC 7292 appendix C and RFC 8018 appendix B.2: object identifiers stand in the clear.
_CIPHERS = {
    bytes.fromhex("2a864886f70d010c0101"): "RC4-128",
    bytes.fromhex("2a864886f70d010c0102"): "RC4-40",
    bytes.fromhex("2a864886f70d010c0103"): "3DES",
    bytes.fromhex("2a864886f70d010c0105"): "RC2-128",
    bytes.fromhex("2a864886f70d010c0106"): "RC2-40",
    bytes.fromhex("2a864886f70d0307"): "3DES",
    bytes.fromhex("60864801650304012a"): "AES-256",
    bytes.fromhex("608648016503040116"): "AES-192",
    bytes.fromhex("608648016503040102"): "AES-128",
}
_OF_LEGACY_PROVIDER = {"RC2-40", "RC2-128", "RC4-40", "RC4-128"}


@dataclass(frozen=True, slots=True)
class Opened:
    """What a PKCS#12 file holds.

    Attributes:
        form: what it is, such as "PKCS#12, RC2-40 and 3DES".
        certificates: all of them, that of the key first if it is marked.
        key: its private key if it has one; in no repr.
    """

    form: str
    certificates: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes | None = field(repr=False)


def opened(data: bytes, password: str | None) -> Opened:
    """Open a PKCS#12 file that is whole.

    Args:
        data: as DER or BER.
        password: None and "" are tried alike, for exports without one.

    Raises:
        CertificateError: the password is missing or wrong, or the file is damaged, which only
            the password could tell apart; or it is encrypted in a way that OpenSSL has no more.
    """
    ciphers = ciphers_of(data)
    lost = [name for name in ciphers if name in _OF_LEGACY_PROVIDER]
    if lost and not _has_legacy():
        raise CertificateError(
            Trouble.UNKNOWN_CIPHER,
            f"the PKCS#12 file is encrypted with {lost[0]}, which this OpenSSL is told not to know",
            "unset CRYPTOGRAPHY_OPENSSL_NO_LEGACY, or export it again with AES",
        )
    try:
        with tolerantly():
            found = pkcs12.load_pkcs12(data, password.encode() if password else None)
        extra = [other.certificate for other in found.additional_certs]
        own = [found.cert.certificate] if found.cert else []
    except UnsupportedAlgorithm:
        message = "the key in the PKCS#12 file is of a kind that is not known here"
        raise CertificateError(Trouble.KEY_KIND, message, part="key") from None
    except (ValueError, TypeError):
        raise _refused(password) from None
    return Opened(_form(ciphers), (*own, *extra), found.key)


def ciphers_of(data: bytes) -> tuple[str, ...]:
    """The ciphers that a PKCS#12 file names, such as "RC2-40" and "3DES"."""
    places = {name: data.find(oid) for oid, name in _CIPHERS.items() if oid in data}
    return tuple(sorted(places, key=lambda name: places[name]))


def _form(ciphers: tuple[str, ...]) -> str:
    return f"PKCS#12, {' and '.join(ciphers)}" if ciphers else "PKCS#12"


def _refused(password: str | None) -> CertificateError:
    if not password:
        return CertificateError(
            Trouble.NEEDS_PASSWORD, "the PKCS#12 file needs its password", part="password"
        )
    return CertificateError(
        Trouble.WRONG_PASSWORD,
        "wrong password for the PKCS#12 file, or the file is damaged",
        "its password is the one given when it was exported",
        "password",
    )


def _has_legacy() -> bool:
    backend = default_backend()
    return bool(backend.cipher_supported(RC2(bytes(16)), CBC(bytes(8))))
