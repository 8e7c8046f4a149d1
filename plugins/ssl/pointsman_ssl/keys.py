"""Private keys: PKCS#1, PKCS#8, SEC1, encrypted or not; no message quotes any of it."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from pointsman_ssl.problems import CertificateError, Trouble

_Loader = Callable[[bytes, bytes | None], PrivateKeyTypes]


def from_pem(text: bytes, password: str | None, *, encrypted: bool) -> PrivateKeyTypes:
    """The key of one PEM block.

    Args:
        text: the block with its lines.
        password: used only if it is encrypted.
        encrypted: whether it says that it is.

    Raises:
        CertificateError: the password is missing or wrong, or the key is damaged.
    """
    return _loaded(load_pem_private_key, text, password, encrypted)


def from_der(data: bytes, password: str | None, *, encrypted: bool) -> PrivateKeyTypes:
    """The same for a key in DER."""
    return _loaded(load_der_private_key, data, password, encrypted)


def _loaded(load: _Loader, data: bytes, password: str | None, encrypted: bool) -> PrivateKeyTypes:
    if encrypted and not password:
        message = "the private key is encrypted and needs its password"
        raise CertificateError(Trouble.NEEDS_PASSWORD, message, part="password")
    try:
        return load(data, password.encode() if password and encrypted else None)
    except UnsupportedAlgorithm:
        unknown = True
    except (ValueError, TypeError) as error:
        unknown = "unsupported" in str(error) and "format" not in str(error)
    if unknown:
        message = "the private key is of a kind, or encrypted in a way, that is not known here"
        hint = "openssl pkcs8 -topk8 writes it in the usual form"
        raise CertificateError(Trouble.KEY_KIND, message, hint, "key")
    if encrypted:
        message = "wrong password for the private key, or the key is damaged"
        raise CertificateError(Trouble.WRONG_PASSWORD, message, part="password")
    message = "the private key is damaged: it cannot be decoded"
    raise CertificateError(Trouble.DAMAGED, message, "export it again", "key")
