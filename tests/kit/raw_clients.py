"""A client made of a socket: what a test sends, and every byte of the answer."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Self

from kit.kernel import Unread

PATIENCE = 30.0  # seconds


class RawClient:
    """A TCP connection of a client.

    Attributes:
        received: every byte that came.
    """

    def __init__(self, place: tuple[str, int], source: str = "127.0.0.1") -> None:
        self.sock = socket.create_connection(place, PATIENCE, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send it; if the other side has closed already, its answer tells why."""
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def send_parts(self, parts: Sequence[bytes], unread: Unread) -> None:
        """Send each part when the one before has been read: none comes together with another."""
        for part in parts:
            self.send(part)
            unread.wait(self.sock)

    def finish(self) -> None:
        """Send no more, and go on reading."""
        self.sock.shutdown(socket.SHUT_WR)

    def until(self, end: bytes, count: int = 1) -> bytes:
        """Read until `end` has come that many times; return what came since the last call.

        Raises:
            AssertionError: the other side closed before that.
        """
        found = b""
        while found.count(end) < count:
            data = self.sock.recv(65536)
            assert data, f"ended after {found!r}"
            found += data
        self.received += found
        return found

    def take(self, size: int) -> bytes:
        """Read exactly that many bytes.

        Raises:
            AssertionError: the other side closed before that.
        """
        found = bytearray()
        while len(found) < size:
            data = self.sock.recv(min(size - len(found), 1 << 20))
            assert data, f"ended after {len(found)} of {size} bytes"
            found += data
        self.received += found
        return bytes(found)

    def rest(self) -> bytes:
        """Read to the end and return what came; a reset is an end as well."""
        found = b""
        try:
            while data := self.sock.recv(65536):
                found += data
        except ConnectionResetError:
            pass
        self.received += found
        return found

    def ask(self, request: bytes, end: bytes = b"hello") -> bytes:
        """Send a request and read its answer, which ends so."""
        self.send(request)
        return self.until(end)
