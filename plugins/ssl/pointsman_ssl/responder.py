"""Asking an OCSP responder over HTTP: within a bounded time, for a bounded answer, in a thread."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer
from typing import NamedTuple
from urllib.parse import urlsplit

MOST_BYTES = 64 * 1024
TIMEOUT = 5.0  # seconds


class ResponderPlace(NamedTuple):
    """Where a responder is asked."""

    host: str
    port: int
    path: str  # with its query


def responder_place(url: str | None) -> ResponderPlace:
    """The parts of an http URL. It needs no TLS: the answer is signed (RFC 6960 appendix A).

    Raises:
        ValueError: it is something else.
    """
    try:
        parts = urlsplit(url or "")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = ResponderPlace(parts.hostname or "", parts.port or 80, path)
    except ValueError:
        place = ResponderPlace("", 0, "")
    if not place.host or parts.scheme != "http" or parts.username:
        raise ValueError(f"expected `auto` or a URL like http://ocsp.example.org/, got {url!r}")
    return place


def answer_of(url: str, request: bytes, timeout: float = TIMEOUT) -> bytes:
    """What the responder answers to a request; blocks.

    Args:
        url: of the responder.
        request: DER.
        timeout: seconds to connect in, and again for all the rest.

    Raises:
        OSError: it cannot be reached, or is too slow.
        ValueError: what it answers is no OCSP response.
    """
    place = responder_place(url)
    connection = HTTPConnection(place.host, place.port, timeout=timeout)
    try:
        connection.connect()
        # The timeout of a socket begins anew with each byte, and one could be sent now and then.
        cut = Timer(timeout, _cut, (connection.sock,))
        cut.start()
        until = time.monotonic() + timeout
        try:
            return _asked(connection, place.path, request)
        finally:
            cut.cancel()
            if time.monotonic() >= until:
                raise TimeoutError("its answer takes too long")
    except HTTPException as error:
        raise ValueError(f"it does not speak HTTP: {error!r}") from None
    finally:
        connection.close()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it has ended in this very moment
        sock.shutdown(socket.SHUT_RDWR)


def _asked(connection: HTTPConnection, path: str, request: bytes) -> bytes:
    connection.request("POST", path, request, {"Content-Type": "application/ocsp-request"})
    with connection.getresponse() as response:
        if response.status != 200:
            raise ValueError(f"it answers with status {response.status}")
        body = b""
        while part := response.read1(MOST_BYTES):
            body += part
            if len(body) > MOST_BYTES:
                raise ValueError("its answer is longer than 64 KiB")
        return body
