"""What streams of all kinds do with the sockets they own, and how they leave the reactor."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any

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
