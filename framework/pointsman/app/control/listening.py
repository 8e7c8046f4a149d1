"""The control socket at work: one unix socket, and those who ask at it."""

from __future__ import annotations

import errno
import socket
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.control.lines import (
    BAD_REQUEST,
    LONGEST_REQUEST,
    Lines,
    LineTooLong,
    Request,
    RequestError,
    error_line,
    request_of,
)
from pointsman.app.control.writing import Answer
from pointsman.app.state_dir import prepare
from pointsman.config.control_place import control_place
from pointsman.config.load import Configuration
from pointsman.config.state_dir import state_dir_of
from pointsman.model.address import Address
from pointsman.net.listener import Listener, ListenError
from pointsman.net.plain_stream import PlainStream

# Who may ask: the user that runs it, and root.
RIGHTS = 0o600
# So many may be connected. One more takes the place of the one that was silent the longest.
MOST_CLIENTS = 32
_BACKLOG = 64

# Answers a request, and never fails: the line to be sent, or several one after the other.
Answering = Callable[[Request], Deferred[Answer]]


class ControlSocket:
    """Lets commands ask what runs here.

    Args:
        reactor: offers IReactorFDSet and IReactorTime.
        answer: whom requests are passed to.
        fixed: where it lies whatever the configuration says; None leaves that to it.

    Attributes:
        place: where it lies now, None while it does not.
    """

    log = Logger()

    def __init__(self, reactor: Any, answer: Answering, fixed: Path | None = None) -> None:
        self._reactor = reactor
        self._answer = answer
        self._fixed = fixed
        self._listener: Listener | None = None
        self._clients: OrderedDict[_Client, None] = OrderedDict()
        self.place: Path | None = None

    def move(self, configuration: Configuration) -> Move:
        """Be ready to lie where this configuration says; it does so once that is carried out.

        Raises:
            ListenError: that place cannot be had.
            StateDirError: the folder for what is kept cannot be used.
        """
        place = self._fixed or control_place(configuration)
        if place is None or place == self.place:
            return Move(self, place, None)
        if place.parent == (folder := state_dir_of(configuration)) and folder is not None:
            prepare(folder)
        return Move(self, place, self._opened(place))

    def _opened(self, place: Path) -> Listener:
        listener = Listener(
            self._reactor, Address(path=str(place)), _BACKLOG, self._accepted, RIGHTS
        )
        listener.pause()
        try:
            listener.open()
        except ListenError as error:
            number = getattr(error.__cause__, "errno", 0)
            if number == errno.EADDRINUSE:
                raise ListenError(
                    f"another pointsman is reached by commands at {place}: is it running already? "
                    "Else name another place under `control`"
                ) from None
            raise ListenError(f"no commands can reach it: {error}") from error
        return listener

    def lie(self, place: Path | None, listener: Listener | None) -> None:
        """Lie there from now on; those who are connected stay so."""
        if place == self.place:
            return
        former, self._listener, self.place = self._listener, listener, place
        if listener is not None:
            listener.resume()
            self.log.info("commands reach it at {place}", place=place)
        if former is not None:
            former.take_waiting()
            former.close()

    def close(self) -> None:
        """Be gone, and let nobody stay connected."""
        listener, self._listener, self.place = self._listener, None, None
        if listener is not None:
            listener.close()
        for client in [*self._clients]:
            client.stream.abort()

    def __len__(self) -> int:
        """How many are connected."""
        return len(self._clients)

    # ---- those who ask ----

    def _accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        if len(self._clients) >= MOST_CLIENTS:
            idle = next((each for each in self._clients if not each.busy), None)
            (idle or next(iter(self._clients))).stream.abort()
        client = _Client(self, self._reactor, sock)
        self._clients[client] = None
        client.stream.resume()

    def answer(self, request: Request) -> Deferred[Answer]:
        """Pass a request on."""
        return self._answer(request)

    def heard(self, client: _Client) -> None:
        """It has said something."""
        self._clients.move_to_end(client)

    def gone(self, client: _Client) -> None:
        """It is not connected any more."""
        self._clients.pop(client, None)


class Move:
    """The control socket at another place: open already, and used once it is carried out."""

    def __init__(
        self, control: ControlSocket, place: Path | None, listener: Listener | None
    ) -> None:
        self._control = control
        self._place = place
        self._listener = listener

    def carry_out(self) -> None:
        """Lie there. This does not fail."""
        self._control.lie(self._place, self._listener)

    def give_up(self) -> None:
        """Stay where it was."""
        if self._listener is not None:
            self._listener.close()


class _Client:
    """One who asks (net.stream.StreamOwner). Its requests are answered one after the other.

    Whoever asks without reading answers is not read from: it costs one answer, no more.
    """

    log = Logger()

    def __init__(self, control: ControlSocket, reactor: Any, sock: socket.socket) -> None:
        self._control = control
        self._reactor = reactor
        self._lines = Lines(LONGEST_REQUEST)
        self._asking = False
        self._blocked = False
        self._ended = False
        self._lost = False
        self._turn: Any = None
        self._parts: Iterator[bytes] | None = None
        self.stream = PlainStream(reactor, sock, self)

    @property
    def busy(self) -> bool:
        """Whether something is done for it now."""
        return self._asking or self._blocked

    def data_received(self, data: bytes) -> None:
        """More of its requests."""
        self._control.heard(self)
        self._lines.feed(data)
        self._go_on()

    def end_received(self) -> None:
        """It asks no more; what it has asked is answered yet."""
        self._ended = True
        self._go_on()

    def blocked(self) -> None:
        """It does not read."""
        self._blocked = True

    def drained(self) -> None:
        """It has read."""
        self._blocked = False
        self._control.heard(self)
        if self._turn is None:
            self._next()

    def stream_lost(self, error: Exception | None) -> None:
        """It is gone. What is done for it goes on to its end."""
        self._lost = True
        self._parts = None
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._control.gone(self)

    def _go_on(self) -> None:
        """Take the next request, unless it is not yet its turn."""
        if self._lost or self.busy:
            return
        try:
            line = self._lines.next()
            if line is None:
                if self._ended:
                    self.stream.close()
                else:
                    self.stream.resume()
                return
            request = request_of(line)
        except LineTooLong as error:
            self.stream.write(error_line(None, BAD_REQUEST, str(error)))
            self.stream.close()
            return
        except RequestError as error:
            self._say(error_line(error.number, BAD_REQUEST, str(error)))
            return
        self._asking = True
        self.stream.pause()
        self._control.answer(request).addCallbacks(self._answered, self._failed)

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, bytes):
            self._say(answer)
        elif not self._lost:
            self._parts = answer
            self._next()

    def _failed(self, failure: Failure) -> None:
        self.log.failure("a request at the control socket failed", failure)
        self.stream.abort()

    def _say(self, line: bytes) -> None:
        if self._lost:
            return
        self.stream.write(line)
        # Not at once: a thousand requests that came together are no deep recursion, and traffic
        # has its turn between two of them.
        self._asking = True
        self.stream.pause()
        self._turn = self._reactor.callLater(0, self._rested)

    def _rested(self) -> None:
        self._turn = None
        self._next()

    def _next(self) -> None:
        """The next part of an answer, or the next request; not before the last one was read."""
        if self._lost or self._blocked:
            return
        line = next(self._parts, None) if self._parts is not None else None
        if line is not None:
            self._say(line)
            return
        self._parts = None
        self._asking = False
        self._go_on()
