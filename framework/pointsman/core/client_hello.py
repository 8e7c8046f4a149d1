"""What a TLS client asks for before anything is encrypted: its ClientHello, taken apart.

RFC 8446 section 4.1.2 (and RFC 5246 section 7.4.1.2, which it extends). Only lengths and what we
decide by are judged; all else is for the server to accept or refuse.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pointsman.model.server_name import checked_server_name

# Alerts, RFC 8446 section 6.2.
UNEXPECTED_MESSAGE: Final = 10
RECORD_OVERFLOW: Final = 22
ILLEGAL_PARAMETER: Final = 47
DECODE_ERROR: Final = 50
PROTOCOL_VERSION: Final = 70
UNRECOGNIZED_NAME: Final = 112

_SERVER_NAME: Final = 0  # RFC 6066 section 3
_ALPN: Final = 16  # RFC 7301 section 3.1
_SUPPORTED_VERSIONS: Final = 43  # RFC 8446 section 4.2.1
_ENCRYPTED_CLIENT_HELLO: Final = 0xFE0D  # RFC 9849
_HOST_NAME: Final = 0
_TLS_1_0: Final = 0x0301
_TLS_1_3: Final = 0x0304
_RANDOM_SIZE: Final = 32
_LONGEST_SESSION_ID: Final = 32


class HelloRefused(Exception):
    """No connection comes of these bytes.

    Attributes:
        reason: one of a fixed set of sentences, with nothing in it that the client made up.
        alert: number of the TLS alert that says so, 0 to a client that does not speak TLS.
        plain_http: whether the client seems to speak plain HTTP.
    """

    def __init__(self, reason: str, alert: int = DECODE_ERROR, *, plain_http: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.alert = alert
        self.plain_http = plain_http


class ClientHello(NamedTuple):
    """What a client offers; GREASE values (RFC 8701) are left out of the versions.

    Attributes:
        server_name: the name it asks for, lower case, or "". With Encrypted Client Hello this is
            the outer name, which is meant for whoever cannot decrypt the inner one.
        alpn: protocols it offers, best first; as bytes, because GREASE is no text.
        versions: TLS versions it offers, such as 0x0304 for 1.3, in its order.
        ciphers: how many cipher suites it offers.
        session_id: length of its session id.
        session: that id if it may name a session: where TLS 1.3 is offered it does not.
        has_ech: whether it offers Encrypted Client Hello, or greases it: nobody can tell.
    """

    server_name: str = ""
    alpn: tuple[bytes, ...] = ()
    versions: tuple[int, ...] = ()
    ciphers: int = 0
    session_id: int = 0
    has_ech: bool = False
    session: bytes = b""


def parse_client_hello(body: bytes) -> ClientHello:
    """Take a ClientHello apart.

    Args:
        body: the handshake message, without its type and length.

    Raises:
        HelloRefused: it is malformed, or asks for what nobody may ask for.
    """
    rest = _Rest(body, "the ClientHello")
    version = rest.number(2)
    if version < _TLS_1_0:
        raise HelloRefused("it speaks SSL 3.0, which is broken (RFC 7568)", PROTOCOL_VERSION)
    rest.take(_RANDOM_SIZE)
    session_id = rest.vector(1)
    if len(session_id) > _LONGEST_SESSION_ID:
        raise HelloRefused("its session id is too long")
    ciphers = rest.vector(2)
    if not ciphers or len(ciphers) % 2:
        raise HelloRefused("its list of cipher suites is malformed")
    if not rest.vector(1):
        raise HelloRefused("its list of compression methods is empty")
    extensions: dict[int, bytes] = {}
    if rest:  # TLS 1.2 clients need not have any
        extensions = _extensions(rest.vector(2))
        rest.end()
    versions = _versions(extensions.get(_SUPPORTED_VERSIONS), version)
    return ClientHello(
        _server_name(extensions.get(_SERVER_NAME)),
        _alpn(extensions.get(_ALPN)),
        versions,
        len(ciphers) // 2,
        len(session_id),
        _ENCRYPTED_CLIENT_HELLO in extensions,
        # RFC 8446 section 4.1.2: it is made up at random there.
        b"" if _TLS_1_3 in versions else session_id,
    )


def _extensions(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    rest = _Rest(data, "the list of extensions")
    while rest:
        kind = rest.number(2)
        if kind in found:  # RFC 8446 section 4.2
            raise HelloRefused("an extension comes twice", ILLEGAL_PARAMETER)
        found[kind] = rest.vector(2)
    return found


def _server_name(data: bytes | None) -> str:
    if data is None:
        return ""
    rest = _Rest(data, "the server name extension")
    names = _Rest(rest.vector(2), "the list of server names")
    rest.end()
    # One name of each kind is allowed, and host_name is the only kind there has ever been.
    if names.number(1) != _HOST_NAME:
        raise HelloRefused("its server name is no host name", ILLEGAL_PARAMETER)
    name = names.vector(2)
    if names:
        raise HelloRefused("it asks for more than one server name", ILLEGAL_PARAMETER)
    try:
        return checked_server_name(name.decode("latin-1"))
    except ValueError as error:
        raise HelloRefused(str(error), ILLEGAL_PARAMETER) from None


def _alpn(data: bytes | None) -> tuple[bytes, ...]:
    if data is None:
        return ()
    rest = _Rest(data, "the ALPN extension")
    protocols = _Rest(rest.vector(2), "the list of ALPN protocols")
    rest.end()
    found = []
    while protocols:
        found.append(protocols.vector(1))
    if not found or b"" in found:
        raise HelloRefused("its list of ALPN protocols is malformed")
    return tuple(found)


def _versions(data: bytes | None, legacy: int) -> tuple[int, ...]:
    if data is None:
        return (legacy,)
    rest = _Rest(data, "the list of versions")
    listed = rest.vector(1)
    rest.end()
    if not listed or len(listed) % 2:
        raise HelloRefused("its list of versions is malformed")
    pairs = (listed[place : place + 2] for place in range(0, len(listed), 2))
    return tuple(int.from_bytes(pair) for pair in pairs if not _is_grease(pair))


def _is_grease(pair: bytes) -> bool:
    return pair[0] == pair[1] and pair[0] & 0x0F == 0x0A  # RFC 8701 section 2


class _Rest:
    """Bytes that are taken from the front; refuses to give what is not there."""

    __slots__ = ("_data", "_place", "_what")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._place = 0
        self._what = what

    def __bool__(self) -> bool:
        return self._place < len(self._data)

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        begin = self._place
        self._place = end = begin + count
        if end > len(self._data):
            raise HelloRefused(f"{self._what} ends too early")
        return self._data[begin:end]

    def number(self, width: int) -> int:
        """The next ``width`` bytes as a number."""
        return int.from_bytes(self.take(width))

    def vector(self, width: int) -> bytes:
        """What follows its own length of ``width`` bytes (RFC 8446 section 3.4)."""
        return self.take(self.number(width))

    def end(self) -> None:
        """Nothing may be left."""
        if self:
            raise HelloRefused(f"{self._what} goes on after its end")
