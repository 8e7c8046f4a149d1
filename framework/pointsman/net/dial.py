"""Dialling a real server: from its address to an open stream, in time or not at all."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor
from twisted.logger import Logger
from zope.interface import implementer

from pointsman.core.deadlines import Deadlines
from pointsman.model.address import Address
from pointsman.model.errors import UpstreamError
from pointsman.model.server import RealServer
from pointsman.net.call import Call as Call
from pointsman.net.call import Dialled as Dialled
from pointsman.net.endpoint import dial_endpoint
from pointsman.net.local import LocalServer, dial_local
from pointsman.net.plain_stream import PlainStream

# What connect(2) answers when it goes on by itself.
_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EAGAIN}

# Here the kernel shakes hands while connect(2) runs, though that says "in progress" all the same.
_LOOPBACK = ("127.", "::1")
# Seconds until the same want of our own is logged again.
_SAY_AGAIN = 60
# Address family, and what connect(2) takes for it.
_Place = tuple[int, Any]


class Dialler:
    """Opens streams to real servers of every kind.

    Args:
        reactor: an IReactorFDSet; IReactorTime as well for endpoints and local servers.
        deadlines: the wheel that ends attempts that take too long.
        addresses: IP addresses that a host name stands for now, best first; empty if unknown.
        local: in-process servers by the key that ``RealServer.local`` names.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        deadlines: Deadlines,
        addresses: Callable[[str], Sequence[str]],
        local: Mapping[str, LocalServer] | None = None,
    ) -> None:
        self._reactor = reactor
        self._deadlines = deadlines
        self._addresses = addresses
        self._local = local or {}
        # Where the addresses that are no names lead to: it takes long to find out.
        self._fixed: dict[Address, list[_Place]] = {}
        self._said_at = -_SAY_AGAIN

    def dial(self, server: RealServer, timeout: float, owner: Dialled) -> Call | None:
        """Open a stream to ``server`` within ``timeout`` seconds.

        Returns:
            The attempt, to cancel it; None if ``owner`` has already been told how it ended.
        """
        if server.local:
            return dial_local(self._reactor, self._local[server.local], owner)
        if server.endpoint:
            return dial_endpoint(self._reactor, server.endpoint, timeout, owner)
        places = self._places(server.address)
        if not places:
            owner.dial_failed(
                UpstreamError("connect", f"{server.address.host}: the name does not resolve")
            )
            return None
        attempt = _Attempt(self, self._reactor, self._deadlines, owner, iter(places), timeout)
        return attempt if attempt.start() else None

    def say_want(self, words: str) -> None:
        """This machine is short of something: say it once a minute, not once a client."""
        now = self._deadlines.now
        if now - self._said_at >= _SAY_AGAIN:
            self._said_at = now
            self.log.error(
                "no server can be connected to: {words}; raise the limit of open files (ulimit -n),"
                " have more ports (ip_local_port_range), or lower limits.connections",
                words=words,
            )

    def _places(self, address: Address) -> list[_Place]:
        places = self._fixed.get(address)
        if places is not None:
            return places
        if address.path:
            places = [(socket.AF_UNIX, address.path)]
        elif address.is_name:
            return [_place(host, address.port) for host in self._addresses(address.host)]
        else:
            places = [_place(address.host, address.port)]
        self._fixed[address] = places
        return places


def _place(host: str, port: int) -> _Place:
    if ":" in host:
        return socket.AF_INET6, (host, port, 0, 0)
    return socket.AF_INET, (host, port)


@implementer(IReadDescriptor, IWriteDescriptor)
class _Attempt:
    """One non-blocking connect after another, until one succeeds or the time is over."""

    def __init__(
        self,
        dialler: Dialler,
        reactor: Any,
        deadlines: Deadlines,
        owner: Dialled,
        places: Iterator[_Place],
        timeout: float,
    ) -> None:
        self.deadline = 0
        self.slot = 0
        self._dialler = dialler
        self._reactor = reactor
        self._deadlines = deadlines
        self._owner: Dialled | None = owner
        self._places = places
        self._timeout = timeout
        self._sock: socket.socket | None = None
        self._last_error = 0

    def start(self) -> bool:
        """Begin; whether the attempt is still under way afterwards."""
        for family, place in self._places:
            if self._connect(family, place):
                return self._sock is not None
        self._fail()
        return False

    def _connect(self, family: int, place: Any) -> bool:
        """Whether the search is over or waits: False asks for the next address."""
        try:
            sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        except OSError as error:
            # Out of descriptors, or no such family; another address helps against the latter.
            self._last_error = error.errno or 0
            return False
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        result = sock.connect_ex(place)
        if result == 0:
            self._done(sock)
            return True
        # A unix socket never goes on by itself: EAGAIN says that its queue is full (unix(7)).
        if result not in _UNDER_WAY or family == socket.AF_UNIX:
            self._last_error = result
            sock.close()
            return False
        if family != socket.AF_UNIX and place[0].startswith(_LOOPBACK) and _is_connected(sock):
            self._done(sock)
            return True
        self._sock = sock
        self._reactor.addWriter(self)
        if not self.slot:
            self._deadlines.arm(self, self._timeout)
        return True

    # ---- what the reactor calls ----

    def fileno(self) -> int:
        """Descriptor of the connect under way, -1 if none."""
        return self._sock.fileno() if self._sock is not None else -1

    def doWrite(self) -> None:
        """The connect is decided."""
        sock = self._sock
        if sock is None:
            return
        result = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result == 0 and not _is_connected(sock):
            self._reactor.addWriter(self)  # an event of whoever had this descriptor before
            return
        self._reactor.removeWriter(self)
        self._sock = None
        if result == 0:
            self._done(sock)
            return
        self._last_error = result
        sock.close()
        self.start()

    def doRead(self) -> None:
        """A hang-up is reported as readable by some pollers."""
        self.doWrite()

    def connectionLost(self, reason: Any) -> None:
        """The poller saw a hang-up: the connect failed; the socket knows why."""
        self.doWrite()

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    # ---- how it ends ----

    def timed_out(self) -> None:
        """The time for connecting is over."""
        self._last_error = errno.ETIMEDOUT
        self._fail()

    def cancel(self) -> None:
        """Give up in silence."""
        self._owner = None
        self._close()

    def _done(self, sock: socket.socket) -> None:
        self._deadlines.disarm(self)
        owner, self._owner = self._owner, None
        if owner is None:
            sock.close()
        else:
            owner.dialled(PlainStream(self._reactor, sock, owner))

    def _fail(self) -> None:
        owner, self._owner = self._owner, None
        self._close()
        if owner is not None:
            number = self._last_error
            words = "timed out" if number == errno.ETIMEDOUT else os.strerror(number)
            error = UpstreamError("connect", words, retryable=True, errno=number)
            if error.is_ours:
                self._dialler.say_want(words)
            owner.dial_failed(error)

    def _close(self) -> None:
        self._deadlines.disarm(self)
        if self._sock is not None:
            self._reactor.removeWriter(self)
            self._sock.close()
            self._sock = None


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
