"""The roots that this system trusts, as a hint to which chains are complete."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography import x509

from pointsman_ssl import der, pem
from pointsman_ssl.certificate import decoded
from pointsman_ssl.problems import CertificateError

_USUAL = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def system_roots() -> tuple[x509.Certificate, ...]:
    """The certificates in OpenSSL's default file (or in SSL_CERT_FILE), none if it is not there."""
    where = ssl.get_default_verify_paths()
    for path in (where.cafile, where.openssl_cafile, *_USUAL):
        if path and Path(path).is_file():
            return tuple(_read(Path(path)))
    return ()


def known_roots() -> frozenset[x509.Name]:
    """The subjects of these."""
    return frozenset(root.subject for root in system_roots())


def system_stamp() -> tuple[tuple[str, int], ...]:
    """Differs from an earlier one if the roots that OpenSSL trusts may have changed since."""
    where = ssl.get_default_verify_paths()
    paths = (where.cafile, where.capath, where.openssl_cafile, where.openssl_capath, *_USUAL)
    found = []
    for path in dict.fromkeys(paths):
        with suppress(OSError):
            if path:
                found.append((path, Path(path).stat().st_mtime_ns))
    return tuple(found)


def _read(path: Path) -> Iterator[x509.Certificate]:
    """All that can be read: one odd root must not hide the others."""
    try:
        for block in pem.blocks(path.read_bytes()):
            with suppress(ValueError):
                yield decoded(block.der[: der.length(block.der)])
    except (OSError, CertificateError):
        return
