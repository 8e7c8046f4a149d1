"""The header fields that mean something to a proxy, as bits that the codec collects."""

from __future__ import annotations

from typing import Final

from pointsman.model.message import Head

HOST: Final = 1
CONNECTION: Final = 2
CONTENT_LENGTH: Final = 4
TRANSFER_ENCODING: Final = 8
UPGRADE: Final = 16
EXPECT: Final = 32
KEEP_ALIVE: Final = 64
PROXY_CONNECTION: Final = 128
TE: Final = 256
TRAILER: Final = 512
X_FORWARDED_FOR: Final = 1024
X_FORWARDED_PROTO: Final = 2048
X_FORWARDED_HOST: Final = 4096
X_FORWARDED_PORT: Final = 8192
FORWARDED: Final = 16384
VIA: Final = 32768
# A name that programs behind CGI, WSGI or PHP cannot tell from one of the above: they see
# "X_Forwarded_For" and "X-Forwarded-For" as the same variable (RFC 3875 section 4.1.18).
LOOKALIKE: Final = 65536
AUTHORIZATION: Final = 131072

# Fields that end at a proxy even when Connection does not name them (RFC 9110 section 7.6.1).
# Content-Length is judged apart: it stays unless the body is framed anew.
HOP_BY_HOP: Final = CONNECTION | TRANSFER_ENCODING | UPGRADE | KEEP_ALIVE | PROXY_CONNECTION | TE

# Fields that tell about the client; only a trusted proxy may set them.
ABOUT_CLIENT: Final = (
    X_FORWARDED_FOR | X_FORWARDED_PROTO | X_FORWARDED_HOST | X_FORWARDED_PORT | FORWARDED
)

# Fields that a trailer section must not hold, for they would change framing, routing,
# authentication, conditions or caching after the fact (RFC 9110 section 6.5.1).
FORBIDDEN_TRAILERS: Final = frozenset(
    b"age|authorization|cache-control|connection|content-encoding|content-length|content-range|"
    b"content-type|cookie|date|expect|expires|forwarded|host|if-match|if-modified-since|"
    b"if-none-match|if-range|if-unmodified-since|keep-alive|location|max-forwards|pragma|"
    b"proxy-authenticate|proxy-authorization|proxy-connection|range|retry-after|set-cookie|te|"
    b"trailer|transfer-encoding|upgrade|vary|www-authenticate|x-forwarded-for|x-forwarded-host|"
    b"x-forwarded-port|x-forwarded-proto".split(b"|")
)

# Fields whose values are secrets; their lines are not remembered.
SECRETS: Final = frozenset((b"authorization", b"cookie", b"proxy-authorization", b"set-cookie"))

BITS: Final = {
    b"host": HOST,
    b"connection": CONNECTION,
    b"content-length": CONTENT_LENGTH,
    b"transfer-encoding": TRANSFER_ENCODING,
    b"upgrade": UPGRADE,
    b"expect": EXPECT,
    b"keep-alive": KEEP_ALIVE,
    b"proxy-connection": PROXY_CONNECTION,
    b"te": TE,
    b"trailer": TRAILER,
    b"x-forwarded-for": X_FORWARDED_FOR,
    b"x-forwarded-proto": X_FORWARDED_PROTO,
    b"x-forwarded-host": X_FORWARDED_HOST,
    b"x-forwarded-port": X_FORWARDED_PORT,
    b"forwarded": FORWARDED,
    b"via": VIA,
    b"authorization": AUTHORIZATION,
}

# Every character of a name that is no letter or digit becomes a hyphen.
_FOLD: Final = bytes(octet if chr(octet).isalnum() else 45 for octet in range(128)) + b"-" * 128


def folded(name: bytes) -> bytes:
    """The name as programs see it that get fields as variables, such as ``x-forwarded-for``."""
    return name.translate(_FOLD).lower()


def bit_of(name: bytes) -> int:
    """The bit of a field name in whatever spelling, 0 for ordinary fields."""
    return BITS.get(name.lower()) or (LOOKALIKE if folded(name) in BITS else 0)


def drop_named(head: Head, options: tuple[bytes, ...]) -> None:
    """Take out the fields that Connection names (RFC 9110 section 7.6.1).

    It is done as soon as a head was read: what rules and plugins add later under one of these
    names is ours, and no client can have it taken out. Fields that the proxy itself understands
    stay, for "Connection: host, x-forwarded-for" must not strip what the server relies on.
    """
    headers = head.headers
    # Thousands may be named, and thousands be there: each is looked at once.
    named = frozenset(options)
    doomed = {
        lower for name, _ in headers if (lower := name.lower()) in named and not bit_of(lower)
    }
    if doomed:
        headers.remove_all(doomed)


def tokens(values: list[bytes]) -> list[bytes]:
    """The members of a comma-separated list over several lines, lower case (RFC 9110 5.6.1)."""
    return [
        token
        for value in values
        for part in value.split(b",")
        if (token := part.strip(b" \t").lower())
    ]
