"""What the kernel knows: memory of a process, bytes that a program has not yet read, open files."""

from __future__ import annotations

import re
import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB

_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = 1
_RQUEUE_AT = 72  # struct nlmsghdr, and of inet_diag_msg what stands before idiag_rqueue


def resident(pid: int) -> int:
    """Bytes of memory that a process holds now."""
    return _status(pid, "VmRSS")


def peak_resident(pid: int) -> int:
    """The most that it held since `forget_peak`, in bytes."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> int:
    """Let the peak begin at what is held now, and return that in bytes (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return resident(pid)


def _status(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * KIB


def most_in_buffers() -> int:
    """Bytes that may wait between two sockets of this machine (tcp(7), tcp_rmem and tcp_wmem)."""
    limits = (
        Path(f"/proc/sys/net/ipv4/tcp_{name}").read_text().split() for name in ("rmem", "wmem")
    )
    return sum(int(most) for _, _, most in limits)


class Unread:
    """Tells whether the peer of a TCP connection on this machine has read all that was sent.

    Source: sock_diag(7); the peer's socket is found by its two addresses.
    """

    def __init__(self) -> None:
        self._kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
        self._kernel.settimeout(10)
        self._lock = threading.Lock()

    def close(self) -> None:
        self._kernel.close()

    def by_peer_of(self, sock: socket.socket) -> int:
        """Bytes that have been sent on this socket and not yet been read by its peer."""
        (ip, port), (own_ip, own_port) = sock.getpeername(), sock.getsockname()
        wanted = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
        wanted += struct.pack(">HH16s16s", port, own_port, _packed(ip), _packed(own_ip))
        wanted += struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
        head = struct.pack("=IHHII", 16 + len(wanted), _SOCK_DIAG_BY_FAMILY, _REQUEST, 1, 0)
        with self._lock:
            self._kernel.send(head + wanted)
            answer = self._kernel.recv(4096)
        (kind,) = struct.unpack_from("=H", answer, 4)
        if kind != _SOCK_DIAG_BY_FAMILY:
            return 0  # it is closed
        (unread,) = struct.unpack_from("=I", answer, _RQUEUE_AT)
        return int(unread)

    def wait(self, sock: socket.socket, seconds: float = 30.0) -> None:
        """Wait until the peer has read all; it sleeps for no time, but lets the peer run."""
        limit = time.monotonic() + seconds
        while self.by_peer_of(sock):
            assert time.monotonic() < limit, "the peer does not read"
            time.sleep(0)


def _packed(ip: str) -> bytes:
    return socket.inet_aton(ip).ljust(16, b"\0")


@contextmanager
def files_allowed(count: int) -> Iterator[bool]:
    """Let this process open that many files while the block lasts; whether that is possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= count
    if enough and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield enough
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
