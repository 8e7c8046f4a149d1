"""Bytes of any form to certificates and keys: what they are is found out by their content."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7

from pointsman_ssl import der, keys, pem, pfx
from pointsman_ssl.certificate import decoded, fingerprint, spki, tolerantly
from pointsman_ssl.der import Form
from pointsman_ssl.problems import CertificateError, Trouble

MOST_BYTES = 8 * 2**20

_KEYSTORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_SHAPED = {
    "CERTIFICATE": Form.CERTIFICATE,
    "X509 CERTIFICATE": Form.CERTIFICATE,
    "TRUSTED CERTIFICATE": Form.CERTIFICATE,
    "PKCS7": Form.PKCS7,
    "CMS": Form.PKCS7,
    "PKCS12": Form.PKCS12,
    "PRIVATE KEY": Form.PKCS8,
    "ENCRYPTED PRIVATE KEY": Form.ENCRYPTED_PKCS8,
    "RSA PRIVATE KEY": Form.PKCS1,
    "EC PRIVATE KEY": Form.SEC1,
    "DSA PRIVATE KEY": Form.DSA,
}
_OTHERWISE = {
    "CERTIFICATE REQUEST": Form.REQUEST,
    "NEW CERTIFICATE REQUEST": Form.REQUEST,
    "X509 CRL": Form.REVOCATION_LIST,
    "PUBLIC KEY": Form.PUBLIC_KEY,
    "RSA PUBLIC KEY": Form.PUBLIC_KEY,
}
_KEYS = frozenset({Form.PKCS8, Form.ENCRYPTED_PKCS8, Form.PKCS1, Form.SEC1, Form.DSA})


@dataclass(slots=True)
class Contents:
    """What was found, in the order in which it stood there, nothing twice.

    Attributes:
        certificates: by their fingerprint.
        keys: private keys by the DER of their public key; in no repr.
        forms: what it was, such as "PEM: certificate" or "PKCS#12, RC2-40 and 3DES".
        others: what is neither certificate nor key, such as "certificate request".
    """

    certificates: dict[str, x509.Certificate] = field(default_factory=dict)
    keys: dict[bytes, PrivateKeyTypes] = field(default_factory=dict, repr=False)
    forms: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, more: Contents) -> None:
        """Take in what another reading found."""
        self.certificates |= more.certificates
        self.keys |= more.keys
        self.forms += more.forms
        self.others += more.others


def contents(data: bytes, password: str | None = None) -> Contents:
    """Read PEM in any order and with any text between, DER, PKCS#7, PKCS#12 or a key.

    Args:
        data: the whole file.
        password: of the PKCS#12 file or the key; not used for what is not encrypted.

    Raises:
        CertificateError: it cannot be read; says why and what to do, never quoting the data.
    """
    if len(data) > MOST_BYTES:
        raise CertificateError(Trouble.TOO_LARGE, "more than 8 MiB: this is no certificate")
    plain = _as_bytes(data)
    if not plain.strip():
        raise CertificateError(Trouble.EMPTY, "the file is empty")
    found = Contents()
    if pem.is_pem(plain):
        for block in pem.blocks(plain):
            _add_block(found, block, password)
        return found
    bare = plain if der.form(plain) is not Form.UNKNOWN else _unarmoured(plain)
    kind = der.form(bare)
    if kind is Form.UNKNOWN:
        raise _not_known(plain)
    _whole(bare, kind)
    _add(found, kind, bare, password, "DER")
    return found


def _add_block(found: Contents, block: pem.Block, password: str | None) -> None:
    kind = _SHAPED.get(block.label)
    if kind is None:
        found.others.append(str(_OTHERWISE.get(block.label, block.label)))
    elif kind in _KEYS:
        # Only the text tells how an old key is encrypted (RFC 1421 section 4.6.1.3).
        encrypted = block.encrypted or kind is Form.ENCRYPTED_PKCS8
        key = keys.from_pem(block.text, password, encrypted=encrypted)
        _add_key(found, key, f"PEM: {'encrypted ' if block.encrypted else ''}{kind}")
    else:
        body = block.der
        if block.label == "TRUSTED CERTIFICATE":
            body = body[: der.length(body)]  # OpenSSL's own trust settings follow
        _whole(body, kind)
        _add(found, kind, body, password, "PEM")


def _add(found: Contents, kind: Form, body: bytes, password: str | None, how: str) -> None:
    if kind is Form.CERTIFICATE:
        _add_certificate(found, _certificate(body), f"{how}: certificate")
    elif kind is Form.PKCS7:
        for certificate in _pkcs7(body):
            _add_certificate(found, certificate, f"{how}: PKCS#7")
    elif kind is Form.PKCS12:
        opened = pfx.opened(body, password)
        for certificate in opened.certificates:
            _add_certificate(found, certificate, opened.form)
        if opened.key is not None:
            _add_key(found, opened.key, opened.form)
    elif kind in _KEYS:
        encrypted = kind is Form.ENCRYPTED_PKCS8
        _add_key(found, keys.from_der(body, password, encrypted=encrypted), f"{how}: {kind}")
    else:
        found.others.append(str(kind))


def _add_certificate(found: Contents, certificate: x509.Certificate, how: str) -> None:
    found.certificates.setdefault(fingerprint(certificate), certificate)
    _note(found, how)


def _add_key(found: Contents, key: PrivateKeyTypes, how: str) -> None:
    found.keys.setdefault(spki(key), key)
    _note(found, how)


def _note(found: Contents, how: str) -> None:
    if how not in found.forms:
        found.forms.append(how)


def _certificate(body: bytes) -> x509.Certificate:
    try:
        return decoded(body[: der.length(body)])
    except ValueError:
        message = "a certificate is damaged: it cannot be decoded"
        raise CertificateError(Trouble.DAMAGED, message, "fetch the file again") from None


def _pkcs7(body: bytes) -> list[x509.Certificate]:
    try:
        with tolerantly():
            return pkcs7.load_der_pkcs7_certificates(body)
    except (ValueError, UnsupportedAlgorithm):
        message = "a PKCS#7 file is damaged, or holds no certificates"
        raise CertificateError(Trouble.DAMAGED, message, "export it again") from None


def _whole(body: bytes, kind: Form) -> None:
    said = der.length(body)
    if said is not None and said > len(body):
        message = f"the {kind} is cut off: it says it has {said} bytes, here are {len(body)}"
        raise CertificateError(Trouble.CUT_OFF, message, "copy or fetch it again, as binary")


def _as_bytes(data: bytes) -> bytes:
    """Text of Windows editors (UTF-16, or UTF-8 with a mark) as plain bytes."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode("utf-8")
    return data.removeprefix(b"\xef\xbb\xbf")


def _unarmoured(data: bytes) -> bytes:
    """What a file of nothing but base64 holds."""
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        return b""


def _not_known(data: bytes) -> CertificateError:
    begin = data.lstrip()[:200].lower()
    message, hint = "this is neither PEM nor DER, PKCS#7, PKCS#12 or a key", ""
    if data.startswith(_KEYSTORES):
        message = "this is a Java keystore"
        hint = "keytool -importkeystore -deststoretype PKCS12 makes a PKCS#12 file of it"
    elif begin.startswith((b"<!doctype", b"<html", b"<?xml")):
        message, hint = "this is a web page", "download the certificate itself"
    elif begin.startswith((b"ssh-", b"ecdsa-sha2-")):
        message, hint = "this is a public key of SSH, which TLS has no use for", ""
    return CertificateError(Trouble.UNKNOWN_FORM, message, hint)
