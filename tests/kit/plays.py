"""What a real server plays with a connection: it reads requests, answers, or misbehaves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import NamedTuple

from kit.sockets import reset

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class EndedError(Exception):
    """The other side has closed the connection."""


class Request(NamedTuple):
    """A request that came whole.

    Attributes:
        head: its bytes, the empty line included.
        body: without its transfer coding.
        raw: every byte of it.
    """

    head: bytes
    body: bytes
    raw: bytes


class Conversation:
    """One connection that was made to a real server.

    Attributes:
        received: every byte that came.
        ended: the other side has closed it, in order or by a reset.
        sent: number of bytes that the kernel took from us.
    """

    def __init__(
        self, sock: socket.socket, changed: threading.Condition, requests: list[Request]
    ) -> None:
        self.sock = sock
        self.received = bytearray()
        self.sent = 0
        self.ended = False
        self.used = 0  # bytes of `received` that belong to requests that came whole
        self._at = 0  # bytes of `received` that were looked at
        self._changed = changed
        self._requests = requests

    @property
    def unfinished(self) -> bytes:
        """What came of a request that did not come whole."""
        return bytes(self.received[self.used :])

    def receive(self) -> bytes:
        """Take what comes next, b"" at the end."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        with self._changed:
            self.received += data
            self.ended = not data
            self._changed.notify_all()
        return data

    def request(self) -> Request | None:
        """Read one whole request and note it; None if the other side has closed between two."""
        begin = self._at
        try:
            head = self.head()
            if head is None:
                return None
            body = self.body(head)
        except EndedError:
            return None
        request = Request(head, body, bytes(self.received[begin : self._at]))
        with self._changed:
            self.used = self._at
            self._requests.append(request)
            self._changed.notify_all()
        return request

    def head(self) -> bytes | None:
        """Read a request head; None if the other side has closed before its first byte."""
        try:
            return self._until(b"\r\n\r\n")
        except EndedError:
            if self._at == len(self.received):
                return None
            raise

    def body(self, head: bytes) -> bytes:
        """Read the body that belongs to this head, and invite it first if that is expected."""
        fields = head.lower()
        if b"\r\nexpect: 100-continue\r\n" in fields:
            self.send(CONTINUE)
        if b"\r\ntransfer-encoding: chunked\r\n" in fields:
            return self._chunks()
        _, named, length = fields.partition(b"\r\ncontent-length: ")
        return self.take(int(length.partition(b"\r\n")[0])) if named else b""

    def unread(self) -> bytes:
        """Take what came already and was not looked at."""
        return self.take(len(self.received) - self._at)

    def send(self, data: bytes) -> None:
        """Send all of it, unless the other side does not want it any more."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise EndedError from error
        self.sent += len(data)

    def take(self, size: int) -> bytes:
        """Read exactly that many bytes."""
        while len(self.received) < self._at + size:
            if not self.receive():
                raise EndedError
        self._at += size
        return bytes(self.received[self._at - size : self._at])

    def _chunks(self) -> bytes:
        payload = b""
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            payload += self.take(size)
            self.take(2)
        while self._until(b"\r\n") != b"\r\n":
            pass
        return payload

    def _until(self, mark: bytes) -> bytes:
        while (place := self.received.find(mark, self._at)) < 0:
            if not self.receive():
                raise EndedError
        return self.take(place + len(mark) - self._at)


Plays = Callable[[Conversation], None]


def polite(conversation: Conversation, answer: bytes = HELLO) -> None:
    """Answer every request; of the answer to a HEAD, only the head."""
    while request := conversation.request():
        head, end, _ = answer.partition(b"\r\n\r\n")
        conversation.send(head + end if request.head.startswith(b"HEAD ") else answer)


def answering(answer: bytes) -> Plays:
    """Answer every request with these bytes."""
    return lambda conversation: polite(conversation, answer)


def breaking_off(answer: bytes) -> Plays:
    """Answer the first request with these bytes and close."""

    def play(conversation: Conversation) -> None:
        if conversation.request():
            conversation.send(answer)

    return play


def resetting(answer: bytes) -> Plays:
    """Answer the first request with these bytes and reset the connection."""

    def play(conversation: Conversation) -> None:
        if conversation.request():
            conversation.send(answer)
            reset(conversation.sock)

    return play


def hanging(conversation: Conversation) -> None:
    """Take everything and never answer."""
    while conversation.receive():
        pass


def echoing(conversation: Conversation) -> None:
    """Send back what comes, and end when the other side ends."""
    while data := conversation.receive():
        conversation.send(data)
