"""What a probe travels on: datagrams, by UDP or as an ICMP echo."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from pointsman.core.health_report import Outcome
from pointsman.model.errors import OURS
from pointsman.model.server import RealServer
from pointsman.net.attempt import ProbeOwner
from pointsman.net.sockets import leave

_LARGEST = 65536
_AT_ONCE = 64  # datagrams read in one turn

# Type of the request and of the reply, by address family (RFC 792, RFC 4443).
_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_HEAD = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_GROUPS = "/proc/sys/net/ipv4/ping_group_range"


@implementer(IReadDescriptor)
class DatagramTransport:
    """A UDP socket that hears one server only (net.attempt.ProbeTransport).

    Args:
        reactor: IReactorFDSet.
        addresses: what a host name stands for now.
        server: to whom.
        owner: told what happens.
    """

    protocol = "UDP"

    def __init__(
        self,
        reactor: Any,
        addresses: Callable[[str], Sequence[str]],
        server: RealServer,
        owner: ProbeOwner,
    ) -> None:
        self._reactor = reactor
        self._addresses = addresses
        self._server = server
        self._owner: ProbeOwner | None = owner
        self._sock: socket.socket | None = None
        self.family = socket.AF_INET

    # ---- what the attempt asks ----

    def open(self, seconds: float) -> None:
        """Make the socket."""
        owner = self._owner
        address = self._server.address
        assert owner is not None
        if not address.host:
            place = self._server.place
            self._fail(Outcome.UNABLE, f"{self.protocol} needs an address, and has only {place}")
            return
        hosts = self._addresses(address.host) if address.is_name else (address.host,)
        if not hosts:
            self._fail(Outcome.BAD, f"cannot reach {address.host}: the name does not resolve")
            return
        host = hosts[0]
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._sock = sock = self.make()
            sock.connect((host, self.port(address.port)))
        except OSError as error:
            self._failed(error)
            return
        port = self.port(address.port)
        owner.opened(f"{self.protocol} to {host}{f' port {port}' if port else ''}")

    def send(self, data: bytes) -> None:
        """Send one datagram."""
        if self._sock is None:
            return
        try:
            self._sock.send(self.wrap(data))
        except OSError as error:
            self._failed(error)

    def listen(self) -> None:
        """Begin to read."""
        if self._sock is not None:
            self._reactor.addReader(self)

    def close(self, *, clean: bool) -> None:
        """Close the socket."""
        self._owner = None
        sock = self._sock
        if sock is not None:
            leave(self._reactor, self)
            self._sock = None
            sock.close()

    # ---- what the two kinds differ in ----

    def make(self) -> socket.socket:
        """A socket. Raises OSError."""
        return socket.socket(self.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def wrap(self, data: bytes) -> bytes:
        """The datagram that carries this."""
        return data

    def unwrap(self, datagram: bytes) -> bytes | None:
        """What it carries; None if it is not for us."""
        return datagram

    def explain(self, error: OSError) -> str:
        """What the system's error means for this kind, in words."""
        if error.errno == errno.ECONNREFUSED:
            return "refused: nothing listens on that port"
        return error.strerror or str(error)

    def port(self, port: int) -> int:
        """The port, where there are ports."""
        return port

    # ---- what the reactor calls ----

    def fileno(self) -> int:
        """Descriptor of the socket, -1 if it is closed."""
        return self._sock.fileno() if self._sock is not None else -1

    def doRead(self) -> None:
        """Datagrams, or an ICMP error, are here."""
        for _ in range(_AT_ONCE):
            sock, owner = self._sock, self._owner
            if sock is None or owner is None:
                return
            try:
                datagram = sock.recv(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._failed(error)
                return
            data = self.unwrap(datagram)
            if data is not None:
                owner.received(data)

    def connectionLost(self, reason: Any) -> None:
        """The poller saw an error on the socket: read it."""
        self.doRead()

    def logPrefix(self) -> str:
        """Name in the logs of the host's reactor."""
        return "pointsman"

    # ---- how it ends ----

    def _failed(self, error: OSError) -> None:
        ours = error.errno in OURS or error.errno in (errno.EPERM, errno.EACCES)
        place = self._server.place
        words = f"no answer to {self.protocol} from {place}: {self.explain(error)}"
        self._fail(Outcome.UNABLE if ours else Outcome.BAD, words)

    def _fail(self, outcome: Outcome, words: str) -> None:
        owner = self._owner
        self.close(clean=False)
        if owner is not None:
            owner.failed(outcome, words)


class PingTransport(DatagramTransport):
    """An unprivileged ICMP socket (icmp(7)): the kernel numbers and sorts the echoes."""

    protocol = "ping"

    def make(self) -> socket.socket:
        """A socket. Raises OSError: EACCES if our group may not ping."""
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        return socket.socket(self.family, kind, _PROTOCOL[self.family])

    def wrap(self, data: bytes) -> bytes:
        """An echo request; identifier and checksum are filled in by the kernel."""
        head = _HEAD.pack(_ECHO[self.family][0], 0, 0, 0, 1)
        return head + data

    def unwrap(self, datagram: bytes) -> bytes | None:
        """The payload of an echo reply."""
        if len(datagram) < _HEAD.size or datagram[0] != _ECHO[self.family][1]:
            return None
        return datagram[_HEAD.size :]

    def explain(self, error: OSError) -> str:
        """Why, and what to do if it is the group that may not ping."""
        if error.errno not in (errno.EACCES, errno.EPERM):
            return error.strerror or str(error)
        return (
            f"this program may not ping: its group {os.getegid()} is not in "
            f"net.ipv4.ping_group_range, which is {_ping_groups()!r}; allow it "
            "(sysctl -w net.ipv4.ping_group_range='0 2147483647'), or use another check"
        )

    def port(self, port: int) -> int:
        """There are no ports."""
        return 0


def _ping_groups() -> str:
    try:
        with open(_GROUPS, encoding="ascii") as file:
            return " ".join(file.read().split())
    except OSError:
        return "unknown"
