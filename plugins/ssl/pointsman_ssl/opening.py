"""Files to an identity: read, paired, chained and examined, or refused as a whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from pointsman_ssl.certificate import fingerprint
from pointsman_ssl.chain import chain_of
from pointsman_ssl.doctor import examined
from pointsman_ssl.identity import Identity
from pointsman_ssl.pairing import paired
from pointsman_ssl.problems import CertificateError, Finding, Trouble
from pointsman_ssl.reading import MOST_BYTES, Contents, contents

_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO  # 0o077


@dataclass(slots=True)
class Read:
    """What some files hold together.

    Attributes:
        contents: certificates and keys of all of them.
        findings: what is odd about the files themselves.
    """

    contents: Contents = field(default_factory=Contents)
    findings: list[Finding] = field(default_factory=list)

    def add(self, more: Read) -> None:
        """Take in what other files hold."""
        self.contents.add(more.contents)
        self.findings += more.findings


@dataclass(frozen=True, slots=True)
class Opened:
    """An identity, and what its owner should know of it."""

    identity: Identity
    findings: tuple[Finding, ...]


def read_files(paths: Sequence[Path], password: str | None = None, part: str = "") -> Read:
    """Read files that belong together.

    Args:
        paths: of the files.
        password: of what is encrypted in them.
        part: the setting that names them, for findings that are about no other.

    Raises:
        CertificateError: one of them cannot be read; names it.
    """
    read = Read()
    for path in paths:
        data, mode = _bytes_of(path, part)
        try:
            found = contents(data, password)
        except CertificateError as error:
            told = error.finding
            message = f"{path.name}: {told.message}"
            raise CertificateError(told.trouble, message, told.hint, told.part or part) from None
        if found.keys and mode & _OTHERS_MAY:
            read.findings.append(_open_file(path, mode))
        read.contents.add(found)
    return read


def opened(
    name: str,
    read: Read,
    intermediates: Iterable[x509.Certificate],
    now: datetime,
    known_roots: Collection[x509.Name] = (),
) -> Opened:
    """Make an identity of what was read.

    Args:
        name: of the identity.
        read: its files.
        intermediates: certificates beside them that its chain may be built from.
        now: the time of the examination, with a time zone.
        known_roots: subjects of roots that clients are known to have.

    Raises:
        CertificateError: it cannot be served, and why.
    """
    pair = paired(read.contents, now)
    chain = chain_of(pair.leaf, [*pair.others, *intermediates], now, known_roots)
    issuer = chain.certificates[0] if chain.certificates else chain.root
    identity = Identity(name, pair.leaf, pair.key, chain.certificates, issuer=issuer)
    findings = examined(pair.leaf, chain, pair.others, now)
    return Opened(identity, (*read.findings, *pair.findings, *findings))


def authorities_of(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates in a file of intermediates or roots, nothing twice.

    Raises:
        CertificateError: it cannot be read, or holds no certificate.
    """
    read = read_files([path])
    found = {fingerprint(one): one for one in read.contents.certificates.values()}
    if not found:
        message = f"{path.name}: there is no certificate here"
        raise CertificateError(Trouble.NO_CERTIFICATE, message)
    return tuple(found.values())


def _bytes_of(path: Path, part: str) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1), os.fstat(file.fileno()).st_mode
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise CertificateError(Trouble.CANNOT_READ, message, part=part) from None


def _open_file(path: Path, mode: int) -> Finding:
    rights = stat.S_IMODE(mode)
    message = f"{path.name} holds a private key, and others may use the file (mode {rights:04o})"
    return Finding(Trouble.OPEN_FILE, message, f"chmod 600 {path.name}")
