"""Sockets of the other side, as a test plays it: bounded, and never waiting for the reactor."""

from __future__ import annotations

import socket
import struct


def socket_pair(small: bool = False) -> tuple[socket.socket, socket.socket]:
    """Connect two non-blocking TCP sockets over loopback; `small` ones hold little (KiB)."""
    with socket.socket() as listener:
        if small:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        one = socket.socket()
        if small:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(listener.getsockname())
        two, _ = listener.accept()
    if small:
        two.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for sock in (one, two):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one, two


def reset(sock: socket.socket) -> None:
    """Close a socket so that its peer sees a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class PlayedPeer:
    """Sends what it is given and notes what comes, whenever the test lets it.

    Attributes:
        received: bytes that came.
        ended: the other side has finished sending.
        broken: the other side reset the connection.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = bytearray()
        self.ended = False
        self.broken = False
        self._unsent = bytearray()
        self._finishing = False

    @property
    def is_done(self) -> bool:
        return self.ended or self.broken

    def send(self, data: bytes) -> None:
        self._unsent += data

    def finish(self) -> None:
        self._finishing = True

    def push(self) -> bool:
        """Send what the kernel takes; whether all is sent."""
        try:
            while self._unsent:
                del self._unsent[: self.sock.send(self._unsent[:65536])]
        except BlockingIOError:
            return False
        except OSError:
            self.broken = True
            return True
        if self._finishing:
            self._finishing = False
            self.sock.shutdown(socket.SHUT_WR)
        return True

    def pull(self, size: int = 1 << 20) -> bool:
        """Receive up to `size` bytes of what is there; whether the other side is done."""
        while size > 0 and not self.is_done:
            try:
                data = self.sock.recv(min(size, 65536))
            except BlockingIOError:
                break
            except OSError:
                self.broken = True
                break
            self.ended = not data
            self.received += data
            size -= len(data)
        return self.is_done

    def has(self, count: int) -> bool:
        """Send and receive what is possible; whether `count` bytes have come in all."""
        self.push()
        self.pull()
        return len(self.received) >= count

    def close(self) -> None:
        self.sock.close()
