"""Listening: from an address of the configuration to accepted sockets, and nothing in between."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import stat
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from zope.interface import implementer

from pointsman.model.address import Address
from pointsman.model.errors import PointsmanError
from pointsman.net.sockets import within_reach

Accepted = Callable[[socket.socket, tuple[str, int]], None]

# So many connections a turn, then the open ones have their say.
_ACCEPTS_PER_TURN = 128
# Seconds without accepting when the process has no descriptor or memory left.
_REST = 1.0
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# Of the descriptors of this process clients leave a part, this at most, to servers and checks:
# however many clients do nothing, those that do something are served.
_KEPT = 1024
_KEPT_PART = 8
_SAY_AGAIN = 60.0  # seconds until the same want is logged again
_EVERYBODY = 0o666  # a socket file has no use for "execute"
_MAPPED = "::ffff:"  # how an IPv4 peer is written on a dual-stack socket

_HINTS = {
    errno.EADDRINUSE: "somebody listens there already",
    errno.EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "the address does not belong to this machine",
    errno.EAFNOSUPPORT: "this machine has no such address family",
}

_log = Logger()


class ListenError(PointsmanError):
    """An address that cannot be listened on; says which, why and what to do."""


@implementer(IReadDescriptor)
class Listener:
    """One listening socket.

    Args:
        reactor: offers addReader, removeReader and IReactorTime.
        address: where; host "" listens on all addresses, IPv4 and IPv6; port 0 on a free port.
        backlog: length of the kernel's accept queue.
        accepted: given each non-blocking socket and its peer; ("", 0) for unix sockets.
        rights: of a unix socket, as far as the umask lets.
    """

    def __init__(
        self,
        reactor: Any,
        address: Address,
        backlog: int,
        accepted: Accepted,
        rights: int = _EVERYBODY,
    ) -> None:
        self.address = address
        self._rights = rights
        self._reactor = reactor
        self._backlog = backlog
        self._accepted = accepted
        self._sock: socket.socket | None = None
        self._inode = 0
        self._paused = False
        self._rest: Any = None
        self._most = sys.maxsize  # descriptors from here on are not for clients
        self._said_at = -_SAY_AGAIN

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for; 0 for unix sockets and before ``open``."""
        name = self._sock.getsockname() if self._sock is not None else ""
        return int(name[1]) if isinstance(name, tuple) else 0

    def open(self) -> None:
        """Bind, listen and begin to accept.

        Raises:
            ListenError: if that cannot be done; nothing is left open then.
        """
        try:
            self._sock = sock = self._unix() if self.address.path else self._internet()
        except OSError as error:
            hint = _HINTS.get(error.errno or 0, "")
            if self.address.path and error.errno == errno.EACCES:
                hint = "the directory must be writable for this user"
            reason = error.strerror or str(error)
            raise ListenError(
                f"cannot listen on {self.address}: {reason}{hint and f' ({hint})'}"
            ) from error
        sock.setblocking(False)
        self._most = _most_for_clients()
        if not self._paused:
            self._reactor.addReader(self)

    def close(self) -> None:
        """Accept no more and remove our unix socket; open connections are not touched."""
        sock = self._sock
        if sock is None:
            return
        self._stop_rest()
        self._reactor.removeReader(self)
        self._sock = None
        sock.close()
        if self.address.path:
            with contextlib.suppress(OSError):
                # Unless a successor listens there by now.
                if os.stat(self.address.path).st_ino == self._inode:
                    os.unlink(self.address.path)

    def hand_to(self, accepted: Accepted, backlog: int) -> None:
        """Give clients to somebody else from now on; nobody who waits in the queue is lost."""
        self._accepted = accepted
        if backlog != self._backlog:
            self._backlog = backlog
            if self._sock is not None:
                self._sock.listen(backlog)

    def take_waiting(self) -> None:
        """Take in who waits in the kernel's queue, as closing the socket would reset them."""
        if self._sock is not None and not self._paused:
            self.doRead()

    def pause(self) -> None:
        """Leave new connections in the kernel's queue until ``resume``."""
        self._paused = True
        self._stop_rest()
        if self._sock is not None:
            self._reactor.removeReader(self)

    def resume(self) -> None:
        """Accept again."""
        self._paused = False
        if self._sock is not None and self._rest is None:
            self._reactor.addReader(self)

    # ---- what the reactor calls ----

    def fileno(self) -> int:
        """Descriptor, -1 when closed."""
        return self._sock.fileno() if self._sock is not None else -1

    def doRead(self) -> None:
        """Connections wait to be accepted."""
        for _ in range(_ACCEPTS_PER_TURN):
            sock = self._sock
            if sock is None or self._paused:
                return
            try:
                accepted, name = sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._take_rest(error.strerror or str(error))
                    return
                continue  # that one client is gone (ECONNABORTED, EPROTO) or not let in (EPERM)
            accepted.setblocking(False)
            number = accepted.fileno()
            try:
                self._accepted(accepted, _peer(name))
            except Exception:
                _log.failure("while taking in a connection on {address}", address=self.address)
                accepted.close()
            if number >= self._most and self._sock is sock and not self._paused:
                self._take_rest("what is left of open files is kept for servers and checks")
                return

    def connectionLost(self, reason: Any) -> None:
        """The reactor shuts down."""
        self.close()

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    # ---- inside ----

    def _take_rest(self, reason: str) -> None:
        now = self._reactor.seconds()
        if now - self._said_at >= _SAY_AGAIN:
            self._said_at = now
            _log.error(
                "{address}: new clients have to wait: {reason}; raise the limit of open files"
                " (ulimit -n), or lower limits.connections",
                address=self.address,
                reason=reason,
            )
        self._reactor.removeReader(self)
        self._rest = self._reactor.callLater(_REST, self._rested)

    def _rested(self) -> None:
        self._rest = None
        if self._paused or self._sock is None:
            return
        if self._is_short(self._sock):
            self._rest = self._reactor.callLater(_REST, self._rested)
        else:
            self.resume()

    def _is_short(self, sock: socket.socket) -> bool:
        """Whether the next descriptor, the lowest that is free, is not for a client."""
        try:
            number = os.dup(sock.fileno())
        except OSError:
            return True
        os.close(number)
        return number >= self._most

    def _stop_rest(self) -> None:
        rest, self._rest = self._rest, None
        if rest is not None:
            rest.cancel()

    def _internet(self) -> socket.socket:
        family, place = self._place()
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, bool(self.address.host))
            # Linux hands it down to the sockets that are accepted, which saves a call for each.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.bind(place)
            sock.listen(self._backlog)
        except BaseException:
            sock.close()
            raise
        return sock

    def _place(self) -> tuple[int, tuple[Any, ...]]:
        host, port = self.address.host, self.address.port
        if not host:
            if socket.has_dualstack_ipv6():
                return socket.AF_INET6, ("::", port)
            return socket.AF_INET, ("0.0.0.0", port)
        # A name, such as localhost, is looked up once, at start.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, place = found[0]
        return family, place

    def _unix(self) -> socket.socket:
        path = self.address.path
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with within_reach(path) as near:
                _remove_stale(near)
                with contextlib.suppress(OSError):  # not everywhere can that be done before
                    os.fchmod(sock.fileno(), self._rights)
                sock.bind(near)
            # Nobody can connect before ``listen``, so nobody has more rights for a moment.
            made = os.stat(path)
            os.chmod(path, stat.S_IMODE(made.st_mode) & self._rights)
            self._inode = made.st_ino
            sock.listen(self._backlog)
        except BaseException:
            sock.close()
            raise
        return sock


def _most_for_clients() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return limit - min(limit // _KEPT_PART, _KEPT)


def _remove_stale(path: str) -> None:
    """Remove a unix socket that a dead process left behind; anything else is left for bind."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file that is not a socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except BlockingIOError:
            pass  # its queue is full: somebody does listen, and bind will say so


def _peer(name: Any) -> tuple[str, int]:
    if not isinstance(name, tuple):
        return "", 0
    host: str = name[0]
    if host.startswith(_MAPPED) and "." in host:
        host = host[len(_MAPPED) :]
    return host, name[1]
