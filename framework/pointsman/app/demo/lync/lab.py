"""The lab's certificates: an authority, the front ends' own, and what is imported by hand.

``rootcert.cer`` is the authority's root in DER, as Windows exports it, and ``vlmcert.pfx`` the
certificate of the web pool with its key, behind the password ``password``, as in the article.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASSWORD = "password"
ROOT = "rootcert.cer"
PFX = "vlmcert.pfx"
IMPOSTOR = "impostor.pem"
POOL_NAMES = ("poolweb.jds.net", "pool.jds.net", "lyncdiscover.jds.net", "meet.jds.net")

_DAYS = 365
_BACK = timedelta(minutes=5)  # the clocks of two machines are never quite the same

_Key = ec.EllipticCurvePrivateKey


class Authority:
    """A certification authority that lives as long as this object."""

    def __init__(self, name: str = "JDS Root CA") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = _name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = (
            _builder(self.subject, self.subject, self.key)
            .add_extension(constraints, critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def issue(
        self, names: tuple[str, ...], addresses: tuple[str, ...] = ()
    ) -> tuple[x509.Certificate, _Key]:
        """A server's certificate and key, for names and IP addresses; the first is its subject."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(text)) for text in addresses]
        certificate = (
            _builder(_name(names[0]), self.subject, key)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate, key


class Lab:
    """Makes all files of the lab in a folder.

    Args:
        folder: where they are written, with mode 0600; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority()

    def make(self, front_ends: dict[str, str]) -> None:
        """Write the root, the PFX, and a PEM file for each front end (name -> address)."""
        root = self.authority.certificate
        (self.folder / ROOT).write_bytes(root.public_bytes(Encoding.DER))
        certificate, key = self.authority.issue(POOL_NAMES)
        pfx = pkcs12.serialize_key_and_certificates(
            b"LyncWebPool", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
        )
        self._write_secret(PFX, pfx)
        for name, address in front_ends.items():
            # Servers show the name of the pool as well: it is the one that is verified.
            own, key = self.authority.issue((f"{name}.jds.net", *POOL_NAMES), (address,))
            self._write_secret(f"{name}.pem", own.public_bytes(Encoding.PEM) + _pem(key))

    def impostor(self) -> str:
        """Write a certificate for the web pool that another authority has issued; its file."""
        own, key = Authority("Another CA").issue(POOL_NAMES)
        self._write_secret(IMPOSTOR, own.public_bytes(Encoding.PEM) + _pem(key))
        return IMPOSTOR

    def _write_secret(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(data)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _pem(key: _Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
