"""Keyed hashes, sealed texts (AES-GCM) and signed tokens (JWT) for rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pointsman_rules.codecs import base64url_decode

Problem = tuple[None, str]
_NONCE = 12  # bytes; NIST SP 800-38D section 8.2
_LEAST_KEY = 16
_DIGESTS = ("sha256", "sha384", "sha512", "sha1")


def mac(key: object, text: object, digest: object = "sha256") -> str | Problem:
    """HMAC in hexadecimal."""
    if digest not in _DIGESTS:
        return None, f"crypto.hmac knows {', '.join(_DIGESTS)}, not {str(digest)[:40]!r}"
    return hmac.new(_bytes(key), _bytes(text), str(digest)).hexdigest()


def equal(one: object, other: object) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    # Keys of rules are texts of any length: AES-256 wants 32 bytes.
    return AESGCM(hashlib.sha256(b"pointsman crypto.seal\0" + key).digest())


def seal(key: object, text: object, about: object = "") -> str | Problem:
    """Encrypt and sign a text; ``about`` is what it belongs to and must be told to open it."""
    raw = _bytes(key)
    if len(raw) < _LEAST_KEY:
        return None, f"crypto.seal wants a key of at least {_LEAST_KEY} bytes"
    nonce = os.urandom(_NONCE)
    sealed = _cipher(raw).encrypt(nonce, _bytes(text), _bytes(about))
    return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode("ascii")


def unseal(key: object, sealed: object, about: object = "") -> str | Problem:
    """What was sealed, or None and why it cannot be opened."""
    raw = _bytes(key)
    if len(raw) < _LEAST_KEY:
        return None, f"crypto.open wants a key of at least {_LEAST_KEY} bytes"
    decoded = base64url_decode(sealed)
    if not isinstance(decoded, str) or len(decoded) <= _NONCE:
        return None, "nothing that was sealed"
    data = decoded.encode("latin-1")
    try:
        opened = _cipher(raw).decrypt(data[:_NONCE], data[_NONCE:], _bytes(about))
    except (InvalidTag, ValueError):
        return None, "sealed by another key, for something else, or changed"
    return opened.decode("latin-1")


def jwt_verify(wall: Callable[[], float], token: str, key: str, options: str) -> str | Problem:
    """The claims of a signed token in JSON, or None and why it is not good."""
    try:
        jwt = importlib.import_module("jwt")
    except ImportError:
        return None, "jwt.verify needs PyJWT: pip install 'pointsman[rules]'"
    told = json.loads(options)
    if "none" in [str(one).lower() for one in told["algorithms"]]:
        return None, "the algorithm none signs nothing"
    try:
        # The times are judged by the clock of the program, below.
        claims = jwt.decode(
            token,
            key,
            algorithms=told["algorithms"],
            audience=told.get("audience"),
            issuer=told.get("issuer"),
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": told.get("audience") is not None,
            },
        )
    except Exception as error:  # PyJWT and the keys below it raise many kinds
        return None, str(error) or type(error).__name__
    problem = _untimely(claims, wall(), float(told.get("leeway", 0)))
    return (None, problem) if problem else json.dumps(claims)


def _untimely(claims: Mapping[str, Any], now: float, leeway: float) -> str:
    for name in ("exp", "nbf"):
        said = claims.get(name)
        if said is None:
            continue
        if not isinstance(said, (int, float)) or isinstance(said, bool):
            return f"{name} is no number"
        if name == "exp" and now >= said + leeway:
            return "Signature has expired"
        if name == "nbf" and now < said - leeway:
            return "The token is not yet valid"
    return ""


def _bytes(text: object) -> bytes:
    return str(text).encode("latin-1")


def functions(wall: Callable[[], float]) -> Mapping[str, Callable[..., Any]]:
    """What the prelude calls, by name; ``wall`` is seconds since the epoch."""
    return {
        "hmac": mac,
        "equal": equal,
        "seal": seal,
        "open": unseal,
        "jwt_verify": lambda token, key, options: jwt_verify(wall, token, key, options),
    }
