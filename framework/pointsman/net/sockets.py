"""What streams of all kinds do with the sockets they own, and how they leave the reactor."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

# So long may the path of a unix socket be, unix(7): sun_path less the NUL at its end.
_LONGEST_PATH = 107

_RESET = struct.pack("ii", 1, 0)


def reset_when_closed(sock: socket.socket) -> None:
    """Let closing it be a reset (SO_LINGER of 0 seconds, socket(7)); fine if the peer was first."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def peer_of(sock: socket.socket | None) -> tuple[str, int]:
    """Address text and port of the other side; ("", 0) for unix sockets and lost ones."""
    try:
        name = sock.getpeername() if sock is not None else ""
    except OSError:
        name = ""
    return (name[0], name[1]) if isinstance(name, tuple) else ("", 0)


def leave(reactor: Any, descriptor: Any) -> None:
    """Take a descriptor that is closed next out of the reactor.

    The lean reactor only has to forget it (``net/reactor.py``); any other is told in full.
    """
    forget = getattr(reactor, "forget", None)
    if forget is not None:
        forget(descriptor)
    else:
        reactor.removeReader(descriptor)
        reactor.removeWriter(descriptor)


@contextlib.contextmanager
def within_reach(path: str) -> Iterator[str]:
    """A path of a unix socket that ``bind`` and ``connect`` take, however long it is.

    One that is too long is reached by an open descriptor of its folder, where there is /proc.

    Raises:
        OSError: there is no such folder.
    """
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield path
        return
    folder, name = os.path.split(path)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
