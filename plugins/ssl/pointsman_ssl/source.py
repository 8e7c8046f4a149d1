"""The files of one certificate: read together, and known again when they have changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pointsman.contracts import Secret
from pointsman_ssl.opening import Read, read_files

# Of each file: when it was changed, its size, and which file it is; None if it is not there.
Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a certificate and its key come from.

    Attributes:
        files: with the certificate.
        key: file of the private key, None if it is among those.
        password: of what is encrypted.
        folder: where a relative path of the password's file begins.
    """

    files: tuple[Path, ...]
    key: Path | None = None
    password: Secret | None = None
    folder: Path = Path()

    def secret(self) -> str | None:
        """The password; raises ValueError if it cannot be had."""
        return self.password.reveal(self.folder) if self.password is not None else None

    def read(self, password: str | None) -> Read:
        """What the files hold now.

        Raises:
            CertificateError: one of them cannot be read.
        """
        read = Read()
        read.add(read_files(self.files, password))
        if self.key is not None:
            read.add(read_files([self.key], password, "key"))
        return read

    def stamp(self) -> Stamp:
        """Differs from an earlier one if any of the files has changed since."""
        paths = [*self.files, *([self.key] if self.key is not None else [])]
        if self.password is not None and self.password.file:
            paths.append(self.folder / self.password.file)
        return tuple(map(_stamp, paths))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
