"""Passwords against their hashes, as htpasswd and crypt write them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
from collections.abc import Callable, Mapping
from typing import Any

# Whether a password is the right one; may take long.
Check = Callable[[bytes], bool]

_ITOA = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def check_of(stored: str) -> Check:
    """A check against what is stored: a hash, or the password itself.

    Raises:
        ValueError: a hash of a kind that cannot be checked here.
    """
    if stored.startswith("{SHA}"):
        wanted = stored.removeprefix("{SHA}").encode()
        return lambda given: hmac.compare_digest(
            base64.b64encode(hashlib.sha1(given, usedforsecurity=False).digest()), wanted
        )
    if stored.startswith("$apr1$"):
        salt = stored.split("$")[2].encode()[:8]
        return lambda given: hmac.compare_digest(apr1(given, salt), stored.encode())
    if stored.startswith(("$2a$", "$2b$", "$2y$")):
        return _bcrypt(stored)
    if stored.startswith("$"):
        raise ValueError("a hash of an unknown kind; there are bcrypt ($2y$), $apr1$ and {SHA}")
    secret = stored.encode()
    return lambda given: hmac.compare_digest(given, secret)


def _bcrypt(stored: str) -> Check:
    try:
        bcrypt: Any = importlib.import_module("bcrypt")
    except ImportError:
        raise ValueError("bcrypt hashes need the package bcrypt: pip install bcrypt") from None
    hashed = stored.encode()

    def check(given: bytes) -> bool:
        # Longer ones are cut by bcrypt itself; its newer versions refuse them instead.
        return bool(bcrypt.checkpw(given[:72], hashed))

    return check


def htpasswd(text: str) -> Mapping[str, str]:
    """Name -> stored, of a file as htpasswd writes it.

    Raises:
        ValueError: a line has no colon.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            name, colon, stored = line.strip().partition(":")
            if not colon or not name or not stored:
                raise ValueError(f"line {number}: expected name:hash")
            if not stored.startswith(("$", "{SHA}")):
                raise ValueError(f"line {number}: a password that is not hashed")
            found[name] = stored
    return found


def apr1(password: bytes, salt: bytes) -> bytes:
    """Apache's MD5 of a password, a thousand times over (its apr_md5_encode)."""
    first = hashlib.md5(password + salt + password, usedforsecurity=False).digest()
    mixed = password + b"$apr1$" + salt
    left = len(password)
    mixed += (first * (left // 16 + 1))[:left]
    while left:
        mixed += b"\0" if left & 1 else password[:1]
        left >>= 1
    final = hashlib.md5(mixed, usedforsecurity=False).digest()
    for turn in range(1000):
        parts = password if turn & 1 else final
        if turn % 3:
            parts += salt
        if turn % 7:
            parts += password
        parts += final if turn & 1 else password
        final = hashlib.md5(parts, usedforsecurity=False).digest()
    order = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    out = b"".join(_letters(final[a] << 16 | final[b] << 8 | final[c], 4) for a, b, c in order)
    return b"$apr1$" + salt + b"$" + out + _letters(final[11], 2)


def _letters(value: int, count: int) -> bytes:
    return bytes(_ITOA[value >> 6 * place & 63] for place in range(count))
