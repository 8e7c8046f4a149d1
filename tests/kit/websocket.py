"""The few lines of WebSocket that a test needs on either side (RFC 6455)."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import struct
from collections.abc import Callable
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_FINAL = 0x80
_MASKED = 0x80
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Frame(NamedTuple):
    """A frame: its opcode, and its payload without mask."""

    opcode: int
    payload: bytes


def new_key() -> bytes:
    """Make a nonce for a handshake."""
    return base64.b64encode(os.urandom(16))


def accept_of(key: bytes) -> bytes:
    """What a server answers to a key (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())


def request(target: bytes, key: bytes) -> bytes:
    """The client's part of the handshake."""
    return (
        b"GET %b HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n" % (target, key)
    )


def answer_to(head: bytes) -> bytes:
    """The server's part."""
    _, _, after = head.partition(b"Sec-WebSocket-Key: ")
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept_of(after.partition(b"\r\n")[0])
    )


def frame(opcode: int, payload: bytes, *, mask: bool) -> bytes:
    """Build a frame; a client's is masked (section 5.3)."""
    size = len(payload)
    bit = _MASKED if mask else 0
    if size < 126:
        head = struct.pack("!BB", _FINAL | opcode, bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", _FINAL | opcode, bit | 126, size)
    else:
        head = struct.pack("!BBQ", _FINAL | opcode, bit | 127, size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + _masked(payload, key)


def read_frame(take: Callable[[int], bytes]) -> Frame:
    """Read a frame; `take` returns exactly as many bytes as it is asked for."""
    first, second = take(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", take(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", take(8))
    key = take(4) if second & _MASKED else b""
    payload = take(size)
    return Frame(first & 0x0F, _masked(payload, key) if key else payload)


def _masked(data: bytes, key: bytes) -> bytes:
    keys = bytes(itertools.islice(itertools.cycle(key), len(data)))
    masked = int.from_bytes(data, "little") ^ int.from_bytes(keys, "little")
    return masked.to_bytes(len(data), "little")
