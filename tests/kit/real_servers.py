"""Real servers that a test starts: they note every byte, and misbehave as they are told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kit.sockets import reset

PATIENCE = 30.0  # seconds; nothing here takes one, unless the machine is busy
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
FAILING = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nsorry"
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

    def __init__(self, server: RealServer, sock: socket.socket) -> None:
        self.sock = sock
        self.received = bytearray()
        self.sent = 0
        self.ended = False
        self.used = 0  # bytes of `received` that belong to requests that came whole
        self._at = 0  # bytes of `received` that were looked at
        self._server = server

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
        with self._server.changed:
            self.received += data
            self.ended = not data
            self._server.changed.notify_all()
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
        with self._server.changed:
            self.used = self._at
            self._server.requests.append(request)
            self._server.changed.notify_all()
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


class RealServer:
    """Listens on loopback; one thread for each connection plays what `plays` says then.

    Attributes:
        port: where it listens.
        plays: a switch; what it does with connections that come from now on.
        conversations: every connection that was made, in order.
        requests: every request that came whole, in order, over all connections.
    """

    def __init__(self, plays: Plays = polite, path: str = "") -> None:
        self.plays = plays
        self.conversations: list[Conversation] = []
        self.requests: list[Request] = []
        self.changed = threading.Condition()
        self._faults: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._path = path
        self.port = 0
        self.listen()

    @property
    def address(self) -> str:
        """As a configuration names it."""
        return f"unix:{self._path}" if self._path else f"127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Accept connections; after `refuse`, on the same port as before."""
        if self._path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self._path)
            self._listener.listen(1024)
        else:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
            self.port = self._listener.getsockname()[1]
        self._thread(self._accept, self._listener)

    def refuse(self) -> None:
        """Accept no more: who wants to connect is refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._threads[0].join(PATIENCE)
        self._listener.close()
        del self._threads[0]

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something is so.

        Raises:
            AssertionError: it took too long.
        """
        limit = time.monotonic() + seconds
        with self.changed:
            while not condition():
                left = limit - time.monotonic()
                assert left > 0, [bytes(talk.received[-300:]) for talk in self.conversations[-3:]]
                self.changed.wait(min(left, 0.1))

    def end(self) -> None:
        """Close everything, and raise what went wrong in a thread."""
        self.refuse()
        for conversation in self.conversations:
            with contextlib.suppress(OSError):
                conversation.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        for fault in self._faults:
            raise fault

    def _thread(self, what: Callable[..., None], argument: object) -> None:
        thread = threading.Thread(target=what, args=(argument,), daemon=True)
        # The one that accepts stands first.
        self._threads.insert(0 if what == self._accept else len(self._threads), thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            if not self._path:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conversation = Conversation(self, sock)
            with self.changed:
                self.conversations.append(conversation)
                self.changed.notify_all()
            self._thread(self._play, conversation)

    def _play(self, conversation: Conversation) -> None:
        try:
            self.plays(conversation)
        except EndedError:
            pass
        except BaseException as fault:
            self._faults.append(fault)
        finally:
            conversation.sock.close()


@contextlib.contextmanager
def real_server(plays: Plays = polite, path: str = "") -> Iterator[RealServer]:
    """Start a real server, on a free port or as a unix socket, and end it with the block."""
    server = RealServer(plays, path)
    try:
        yield server
    finally:
        server.end()
