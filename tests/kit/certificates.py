"""Certificates for tests, made on the spot: authorities, intermediates, leaves and wrong ones.

root = Authority.root()
middle = root.intermediate()
leaf = middle.leaf("pool.example", "*.web.example", "127.0.0.1")
leaf.key_pem + leaf.certificate_pem + middle.certificate_pem
pfx(leaf, b"password", [middle])
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KeyKind = Literal["ec", "p384", "rsa", "rsa1024"]


def make_key(kind: KeyKind = "ec") -> Key:
    """A new private key; RSA ones are made once for each test run and kind, being slow."""
    if kind in ("ec", "p384"):
        return ec.generate_private_key(ec.SECP256R1() if kind == "ec" else ec.SECP384R1())
    return _rsa(1024 if kind == "rsa1024" else 2048, 0)


def another_rsa_key() -> Key:
    """An RSA key that ``make_key`` never gives."""
    return _rsa(2048, 1)


@cache
def _rsa(bits: int, number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key

    @property
    def name(self) -> str:
        """The common name."""
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return key_bytes(self.key)

    @property
    def pem(self) -> bytes:
        """Certificate and key in one."""
        return self.certificate_pem + self.key_pem


class Authority(Issued):
    """Issues certificates."""

    @classmethod
    def root(cls, name: str = "Test Root", *, kind: KeyKind = "ec", key: Key | None = None) -> Self:
        key = key or make_key(kind)
        return cls(_signed(name, key, None, ca=True), key)

    def intermediate(
        self,
        name: str = "Test Intermediate",
        *,
        kind: KeyKind = "ec",
        key: Key | None = None,
        days: tuple[float, float] = (-1, 365),
        is_ca: bool = True,
        path_length: int | None = None,
    ) -> Authority:
        """An authority below this one; the same name and key twice is a cross-signed one.

        Args:
            name: its common name.
            kind: of its new key.
            key: or this one.
            days: from when until when it is valid, in days from now.
            is_ca: False makes one that must not issue anything.
            path_length: of its basic constraints.
        """
        key = key or make_key(kind)
        made = _signed(name, key, self, days=days, ca=is_ca, path_length=path_length)
        return Authority(made, key)

    def leaf(
        self,
        *names: str,
        common_name: str | None = None,
        kind: KeyKind = "ec",
        key: Key | None = None,
        days: tuple[float, float] = (-1, 90),
        aia: str = "",
        ocsp: str = "",
        uses: Sequence[x509.ObjectIdentifier] = (),
    ) -> Issued:
        """A certificate for host names and addresses.

        Args:
            *names: its subject alternative names; none makes one that has only a common name.
            common_name: the first of the names if not given.
            kind: of its new key.
            key: or this one.
            days: from when until when it is valid, in days from now.
            aia: where its issuer's certificate can be fetched.
            ocsp: where its responder is.
            uses: its extended key usage, none for any.
        """
        key = key or make_key(kind)
        name = common_name or (names[0] if names else "leaf")
        made = _signed(name, key, self, names, days=days, aia=aia, ocsp=ocsp, uses=uses)
        return Issued(made, key)


def self_signed(*names: str, kind: KeyKind = "ec", days: tuple[float, float] = (-1, 90)) -> Issued:
    """A leaf that nobody vouches for."""
    key = make_key(kind)
    return Issued(_signed(names[0], key, None, names, days=days), key)


def key_bytes(
    key: Key,
    form: Literal["pkcs8", "traditional"] = "pkcs8",
    password: bytes | None = None,
    encoding: Encoding = Encoding.PEM,
) -> bytes:
    """A private key; "traditional" is PKCS#1 for RSA and SEC1 for EC."""
    formats = {"pkcs8": PrivateFormat.PKCS8, "traditional": PrivateFormat.TraditionalOpenSSL}
    return key.private_bytes(encoding, formats[form], _encryption(password))


def pfx(
    issued: Issued, password: bytes | None, others: Sequence[Issued] = (), *, with_key: bool = True
) -> bytes:
    """A PKCS#12 file, AES encrypted if it has a password."""
    return pkcs12.serialize_key_and_certificates(
        issued.name.encode(),
        issued.key if with_key else None,
        issued.certificate,
        [other.certificate for other in others],
        _encryption(password),
    )


def _encryption(password: bytes | None) -> KeySerializationEncryption:
    return BestAvailableEncryption(password) if password else NoEncryption()


def _signed(
    name: str,
    key: Key,
    issuer: Issued | None,
    names: Sequence[str] = (),
    *,
    days: tuple[float, float] = (-1, 365),
    ca: bool = False,
    path_length: int | None = None,
    aia: str = "",
    ocsp: str = "",
    uses: Sequence[x509.ObjectIdentifier] = (),
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    begin, end = (datetime.now(UTC) + timedelta(days=day) for day in days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
        .add_extension(_usage(ca), critical=True)
    )
    if names:
        alternative = x509.SubjectAlternativeName([_general(one) for one in names])
        builder = builder.add_extension(alternative, critical=False)
    access = [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
        for method, url in (
            (AuthorityInformationAccessOID.CA_ISSUERS, aia),
            (AuthorityInformationAccessOID.OCSP, ocsp),
        )
        if url
    ]
    if access:
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
