"""Bodies of any size that are never in memory as a whole, and what came of them."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import lru_cache

from kit.kernel import MIB
from kit.plays import Conversation

# Not a power of two: a piece that were lost, doubled or moved could not go unnoticed.
_BLOCK = hashlib.shake_256(b"bulk").digest(MIB + 7)


def pieces(size: int) -> Iterator[memoryview]:
    """Bytes of a body of this size, in order, the same each time."""
    block = memoryview(_BLOCK)
    while size > 0:
        yield block[:size]
        size -= len(block)


@lru_cache
def digest_of(size: int) -> str:
    """What `Digest` comes to for the body of this size."""
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)
    return digest.hexdigest()


class Sending:
    """Sends a body of some size, and lets others see how far it has come.

    Attributes:
        sent: bytes that the kernel has taken.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.sent = 0

    def to(self, sock: socket.socket) -> None:
        """Send it all."""
        for piece in pieces(self.size):
            while piece:
                count = sock.send(piece)
                self.sent += count
                piece = piece[count:]

    def stalled(self) -> int:
        """Wait until nothing more can be sent for the moment; bytes that are sent."""
        seen, since = -1, time.monotonic()
        limit = since + 30
        while (now := time.monotonic()) - since < 0.3:
            assert now < limit, "nothing slows the sender"
            if self.sent != seen:
                seen, since = self.sent, now
            time.sleep(0.01)
        return seen


def receive_bulk(sock: socket.socket, size: int, begun: bytes = b"") -> str:
    """Read that many bytes, `begun` among them, and return their digest.

    Raises:
        AssertionError: the other side ended before that.
    """
    digest = hashlib.sha256(begun)
    left = size - len(begun)
    buffer = memoryview(bytearray(MIB))
    while left:
        count = sock.recv_into(buffer, min(left, MIB))
        assert count, f"{left} bytes of {size} are missing"
        digest.update(buffer[:count])
        left -= count
    return digest.hexdigest()


class BulkServer:
    """Plays a real server that sends and takes bodies of one size, over HTTP or bare.

    Attributes:
        sending: the body that it sends.
        reads: an upload is read while this is set.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.sending = Sending(size)
        self.reads = threading.Event()
        self.reads.set()

    def http(self, conversation: Conversation) -> None:
        """GET is answered with the body; POST with the digest of the body that came."""
        while head := conversation.head():
            begun = conversation.unread()
            if head.startswith(b"POST"):
                told = self._receive(conversation, begun)
                conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + told)
            else:
                conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.size)
                self.sending.to(conversation.sock)

    def bare(self, conversation: Conversation) -> None:
        """Without HTTP: the first byte says which of the two it is to be."""
        if conversation.sock.recv(1) == b"P":
            conversation.send(self._receive(conversation, b""))
        else:
            self.sending.to(conversation.sock)

    def _receive(self, conversation: Conversation, begun: bytes) -> bytes:
        self.reads.wait(30)
        return receive_bulk(conversation.sock, self.size, begun).encode()
