"""ClientHellos: real ones of two libraries, made ones of any content, and cuts of both."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from itertools import pairwise

from OpenSSL import SSL

HOST = "a.example.org"


def real_hello(
    name: str | None = HOST,
    alpn: Sequence[str] = (),
    *,
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> bytes:
    """What Python's own ssl says first, as it goes over the wire."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = oldest
    context.maximum_version = newest
    if alpn:
        context.set_alpn_protocols(list(alpn))
    said = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), said, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return said.read()
    raise AssertionError("there is nobody to shake hands with")


def large_hello(name: str = HOST, alpn: Sequence[bytes] = ()) -> bytes:
    """What a newer OpenSSL says first: it has a post-quantum key share of more than 1 KiB."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if alpn:
        context.set_alpn_protos(list(alpn))
    client = SSL.Connection(context, None)
    client.set_tlsext_host_name(name.encode())
    client.set_connect_state()
    try:
        client.do_handshake()
    except SSL.WantReadError:
        return client.bio_read(65536)
    raise AssertionError("there is nobody to shake hands with")


def body_of(wire: bytes) -> bytes:
    """The ClientHello in a single record, without the headers of record and message."""
    assert int.from_bytes(wire[3:5]) == len(wire) - 5
    return wire[9:]


def vector(width: int, data: bytes) -> bytes:
    """Bytes after their length."""
    return len(data).to_bytes(width) + data


def extension(kind: int, data: bytes) -> bytes:
    return kind.to_bytes(2) + vector(2, data)


def sni(*names: bytes, kind: int = 0) -> bytes:
    entries = b"".join(bytes([kind]) + vector(2, name) for name in names)
    return extension(0, vector(2, entries))


def alpn(*protocols: bytes) -> bytes:
    return extension(16, vector(2, b"".join(vector(1, each) for each in protocols)))


def versions(*numbers: int) -> bytes:
    return extension(43, vector(1, b"".join(number.to_bytes(2) for number in numbers)))


def made_body(
    *extensions: bytes,
    version: int = 0x0303,
    session_id: bytes = b"",
    ciphers: bytes = b"\x13\x01",
    compression: bytes = b"\0",
    more: bytes = b"",
) -> bytes:
    """A ClientHello of any content; without extensions it has no list of them at all."""
    body = version.to_bytes(2) + bytes(32) + vector(1, session_id)
    body += vector(2, ciphers) + vector(1, compression)
    if extensions:
        body += vector(2, b"".join(extensions))
    return body + more


def message(body: bytes, kind: int = 1) -> bytes:
    return bytes([kind]) + vector(3, body)


def record(data: bytes, kind: int = 22, version: int = 0x0301) -> bytes:
    return bytes([kind]) + version.to_bytes(2) + vector(2, data)


def records(data: bytes, cuts: Iterable[int] = ()) -> bytes:
    """Data in as many records as these places cut it into."""
    return b"".join(record(piece) for piece in pieces(data, cuts))


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Data cut at these places; none of the pieces is empty."""
    inside = sorted({cut for cut in cuts if 0 < cut < len(data)})
    return [data[begin:end] for begin, end in pairwise([0, *inside, len(data)])]
