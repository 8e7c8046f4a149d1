"""base64, URLs, hashes, addresses and dates for rules: texts in, texts out (latin-1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import zlib
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from time import gmtime, strftime
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from pointsman_rules.facade_values import percent

Problem = tuple[None, str]


def _bytes(text: object) -> bytes:
    return str(text).encode("latin-1")


def _told(data: bytes) -> str:
    return data.decode("latin-1")


def base64_decode(text: object) -> str | Problem:
    """Decode base64, padding needed."""
    try:
        return _told(base64.b64decode(_bytes(text), validate=True))
    except (binascii.Error, ValueError) as error:
        return None, f"no base64: {error}"


def base64url_decode(text: object) -> str | Problem:
    """Decode base64 as URLs have it (RFC 4648 section 5), padding optional."""
    raw = _bytes(text).rstrip(b"=")
    try:
        padded = raw + b"=" * (-len(raw) % 4)
        return _told(base64.b64decode(padded, b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        return None, f"no base64: {error}"


def url_parse(text: str) -> tuple[str | int | None, ...]:
    """Scheme, host, port, path, query and fragment; or None and what is wrong."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme, parts.hostname, parts.port, parts.path, parts.query, parts.fragment,
        )  # fmt: skip
    except ValueError as error:
        return None, str(error)


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


def _address(text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        made = ipaddress.ip_address(str(text))
    except ValueError:
        return None
    mapped = getattr(made, "ipv4_mapped", None)
    return made if mapped is None else mapped


def ip_within(address: object, network: object) -> bool | Problem:
    """Whether an address is in a network; one that is no address is in none."""
    try:
        there = _network(str(network))
    except ValueError as error:
        return None, f"no network: {error}"
    made = _address(address)
    return made is not None and made.version == there.version and made in there


def ip_version(address: object) -> int | None:
    """4 or 6, None for what is no address."""
    made = _address(address)
    return None if made is None else made.version


def time_format(form: object, seconds: float) -> str | Problem:
    """A date in UTC by the letters of strftime."""
    try:
        return strftime(str(form), gmtime(float(seconds)))
    except (ValueError, OverflowError, OSError) as error:
        return None, f"no such date: {error}"


def time_parse_http(text: object) -> float | Problem:
    """Seconds since the epoch of an HTTP date (RFC 9110 section 5.6.7)."""
    try:
        return parsedate_to_datetime(str(text)).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None, "no HTTP date"


def hash_number(text: object, below: object = 2**31) -> int | Problem:
    """A number from 0 to below ``below`` that belongs to that text, the same in all processes."""
    if not isinstance(below, (int, float)) or below < 1:
        return None, "hash.number wants a limit of at least 1"
    return int.from_bytes(hashlib.blake2b(_bytes(text), digest_size=8).digest()) % int(below)


def functions(wall: Callable[[], float]) -> Mapping[str, Callable[..., Any]]:
    """What the prelude calls, by name; ``wall`` is seconds since the epoch."""
    return {
        "base64_encode": lambda text: _told(base64.b64encode(_bytes(text))),
        "base64_decode": base64_decode,
        "base64url_encode": lambda text: _told(base64.urlsafe_b64encode(_bytes(text)).rstrip(b"=")),
        "base64url_decode": base64url_decode,
        "url_encode": lambda text: percent(str(text)),
        "url_decode": lambda text: _told(unquote_to_bytes(_bytes(text))),
        "url_parse": url_parse,
        "sha256": lambda text: hashlib.sha256(_bytes(text)).hexdigest(),
        "sha1": lambda text: hashlib.sha1(_bytes(text), usedforsecurity=False).hexdigest(),
        "md5": lambda text: hashlib.md5(_bytes(text), usedforsecurity=False).hexdigest(),
        "crc32": lambda text: zlib.crc32(_bytes(text)),
        "hash_number": hash_number,
        "hex": lambda text: _bytes(text).hex(),
        "ip_valid": lambda text: _address(text) is not None,
        "ip_within": ip_within,
        "ip_version": ip_version,
        "time_format": lambda form, seconds=None: time_format(
            form, wall() if seconds is None else seconds
        ),
        "time_http": lambda seconds=None: formatdate(
            wall() if seconds is None else float(seconds), usegmt=True
        ),
        "time_parse_http": time_parse_http,
        "wall": wall,
    }
