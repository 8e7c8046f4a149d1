"""Real servers that a test starts: they note every byte, and play what they are told to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from kit.plays import Conversation, EndedError, Plays, Request, polite

PATIENCE = 30.0  # seconds; nothing here takes one, unless the machine is busy


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

    def vanish(self) -> None:
        """Refuse, and close every connection that there is."""
        self.refuse()
        for conversation in self.conversations:
            with contextlib.suppress(OSError):
                conversation.sock.shutdown(socket.SHUT_RDWR)

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
        self.vanish()
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
            conversation = Conversation(sock, self.changed, self.requests)
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
