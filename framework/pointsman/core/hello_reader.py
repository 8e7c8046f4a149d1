"""Finds a ClientHello in what a client sends, however it is cut into segments and TLS records."""

from __future__ import annotations

import re
from typing import Final

from pointsman.core.client_hello import (
    DECODE_ERROR,
    PROTOCOL_VERSION,
    RECORD_OVERFLOW,
    UNEXPECTED_MESSAGE,
    ClientHello,
    HelloRefused,
    parse_client_hello,
)

# Bytes; with the keys of several post-quantum groups it has about 4 KiB.
MOST_HELLO: Final = 16 * 1024

_HANDSHAKE, _ALERT = 22, 21
_RECORD_HEADER: Final = 5
_MESSAGE_HEADER: Final = 4
_LONGEST_RECORD: Final = 2**14  # RFC 8446 section 5.1
_CLIENT_HELLO: Final = 1
_HTTP: Final = re.compile(rb"[A-Z]{1,20}(?:(?P<sure> )|$)")
_NOT_TLS: Final = "it does not speak TLS"


def fatal_alert(number: int) -> bytes:
    """The record that ends a handshake before anything was agreed on (RFC 8446 section 6.2)."""
    return bytes((_ALERT, 3, 3, 0, 2, 2, number))


class HelloReader:
    """Reads the first message of one TLS connection and keeps every byte of it.

    What comes after the record that completes the message is kept too, but not looked at.

    Args:
        most: length of a ClientHello that is still taken, bytes. Fragmented to the utmost, it
            takes six times as much on the wire, and no more than that is ever kept.
    """

    __slots__ = ("_left", "_message", "_most", "_place", "_received")

    def __init__(self, most: int = MOST_HELLO) -> None:
        self._most = most
        self._received = bytearray()
        self._place = 0  # up to where they were read
        self._left = 0  # bytes of the record that begins before it
        self._message = bytearray()

    @property
    def received(self) -> bytes:
        """Everything that was fed, to be sent on unchanged."""
        return bytes(self._received)

    def feed(self, data: bytes) -> ClientHello | None:
        """Read on.

        Returns:
            The hello once it is whole; None asks for more.

        Raises:
            HelloRefused: it is none, is malformed or too long. The reader is of no further use.
        """
        received = self._received
        received += data
        if received and not self._message and received[0] != _HANDSHAKE:
            _judge_other(received)
            return None
        while True:
            if not self._left:
                if len(received) < self._place + _RECORD_HEADER:
                    return None
                self._begin_record()
            end = min(self._place + self._left, len(received))
            if end == self._place:
                return None
            self._message += received[self._place : end]
            self._left -= end - self._place
            self._place = end
            if self._is_whole():
                return parse_client_hello(bytes(self._message[_MESSAGE_HEADER:]))

    def _begin_record(self) -> None:
        kind, major, _, *length = self._received[self._place : self._place + _RECORD_HEADER]
        if kind != _HANDSHAKE:
            if kind == _ALERT:
                raise HelloRefused("it gave up within its ClientHello", UNEXPECTED_MESSAGE)
            raise HelloRefused("its ClientHello is broken off", UNEXPECTED_MESSAGE)
        # The minor version means nothing here (RFC 8446 section 5.1).
        if major != 3:
            raise HelloRefused("it speaks an unknown version of TLS", PROTOCOL_VERSION)
        self._left = int.from_bytes(bytes(length))
        if self._left > _LONGEST_RECORD:
            raise HelloRefused("its record is longer than TLS allows", RECORD_OVERFLOW)
        if not self._left:  # forbidden in the same section, and would let a hello grow for ever
            raise HelloRefused("its record is empty", UNEXPECTED_MESSAGE)
        self._place += _RECORD_HEADER

    def _is_whole(self) -> bool:
        message = self._message
        if message[0] != _CLIENT_HELLO:
            raise HelloRefused("it does not begin with a ClientHello", UNEXPECTED_MESSAGE)
        if len(message) < _MESSAGE_HEADER:
            return False
        needed = _MESSAGE_HEADER + int.from_bytes(message[1:_MESSAGE_HEADER])
        if needed - _MESSAGE_HEADER > self._most:
            raise HelloRefused("its ClientHello is too long", DECODE_ERROR)
        if len(message) + self._left > needed and len(message) >= needed:
            raise HelloRefused("its ClientHello shares its record", UNEXPECTED_MESSAGE)
        return len(message) == needed


def _judge_other(received: bytearray) -> None:
    """What is no TLS: refuse it as soon as it is clear what it is."""
    looks = _HTTP.match(received)
    if looks is not None:
        if looks["sure"]:
            raise HelloRefused("it speaks plain HTTP", 0, plain_http=True)
        return
    if received[0] & 0x80:
        if len(received) < 3:
            return
        if received[2] == _CLIENT_HELLO:  # RFC 8446 appendix D.5
            raise HelloRefused("it speaks SSL 2.0, which is broken (RFC 6176)", PROTOCOL_VERSION)
    raise HelloRefused(_NOT_TLS, 0)
