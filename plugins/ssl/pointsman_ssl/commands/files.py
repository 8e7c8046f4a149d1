"""An identity to files that hold it cleanly, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pointsman_ssl.identity import Identity

_UNSAFE = frozenset("/\\\0")


def safe_name(name: str) -> str:
    """A name that can be that of a file.

    Raises:
        ValueError: it cannot.
    """
    if not name or not name.isprintable() or _UNSAFE.intersection(name) or name.startswith("."):
        raise ValueError(f"{name!r} cannot be the name of a file")
    return name


def write_pair(identity: Identity, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write ``STEM.pem``, the leaf and its chain, and ``STEM.key``, both for their owner only.

    Args:
        identity: what to write.
        folder: where; it is made if it is not there.
        stem: name of the files, of ``safe_name``.

    Returns:
        The paths of both.

    Raises:
        OSError: they cannot be written; no half-written file is left.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    chain = [identity.leaf, *identity.chain]
    certificates = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
    key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wanted = {folder / f"{stem}.pem": certificates, folder / f"{stem}.key": key}
    ready: dict[Path, str] = {}
    try:
        for path, data in wanted.items():
            ready[path] = _beside(path, data)
        # The key last: whoever watches the certificate finds its key a moment later at worst.
        for path in wanted:
            os.replace(ready.pop(path), path)
    finally:
        for left in ready.values():
            os.unlink(left)
    first, second = wanted
    return first, second


def as_yaml(name: str, certificate: Path, key: Path) -> str:
    """What to paste into a configuration."""
    quoted = (_quoted(text) for text in (name, str(certificate), str(key)))
    named, pem, secret = quoted
    return f"certificates:\n  {named}: {{pem: {pem}, key: {secret}}}\n"


def _beside(path: Path, data: bytes) -> str:
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return name


def _quoted(text: str) -> str:
    plain = text.replace("_", "a").replace("-", "a").replace("/", "a").replace(".", "a")
    if plain.isascii() and plain.isalnum() and text[0].isalpha():
        return text
    return "'" + text.replace("'", "''") + "'"
