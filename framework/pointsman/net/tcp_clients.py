"""All client connections of a virtual service in tcp mode: taken in, counted, ended."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from pointsman.contracts.tls import TlsFacts
from pointsman.core.deadlines import Deadlines
from pointsman.core.members import Member
from pointsman.core.request_ids import RequestIds
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.record import OVERLOADED
from pointsman.net.dial import Dialler
from pointsman.net.greeting import Greetings
from pointsman.net.plain_stream import PlainStream
from pointsman.net.ruled_arrivals import RuledArrivals
from pointsman.net.ruled_tcp import RuledTcpConnection
from pointsman.net.splice import Pipes
from pointsman.net.stream import Stream
from pointsman.net.tcp_connection import TcpConnection
from pointsman.net.tls_accept import TlsAccepting, turn_away
from pointsman.net.tls_dial import TlsDialler


class TcpClients:
    """The client connections of a virtual service in tcp mode.

    Args:
        service: whose connections these are; its counters and events are served.
        reactor: offers IReactorFDSet.
        dialler: reaches the members.
        deadlines: the wheel of idle times.
        clock: monotonic seconds.
        wall: seconds since the epoch, for records.
        request_ids: gives each tunnel its id.
        pipes: where kernel pipes for bulk are kept; its own if left out.
    """

    def __init__(
        self,
        service: VirtualService,
        reactor: Any,
        dialler: Dialler,
        deadlines: Deadlines,
        clock: Callable[[], float],
        wall: Callable[[], float],
        request_ids: RequestIds,
        *,
        pipes: Pipes | None = None,
    ) -> None:
        self.service = service
        self.reactor = reactor
        self.dialler = dialler
        self.deadlines = deadlines
        self.clock = clock
        self.wall = wall
        self.request_ids = request_ids
        self.pipes = pipes or Pipes()
        self._open: set[TcpConnection] = set()
        self.arrivals = RuledArrivals(service, self._take_in)
        mode = service.tls
        self.tls: TlsAccepting | None = None
        self.tls_dialler: TlsDialler | None = None
        self.greetings: Greetings | None = None
        if mode is not None and mode.client is not None:
            self.tls = TlsAccepting(service.name, mode.client, reactor, deadlines, self)
        if mode is not None and mode.upstream is not None:
            self.tls_dialler = TlsDialler(service.name, mode.upstream, dialler, reactor, deadlines)
        if mode is not None and mode.passage is not None:
            seconds = service.settings.timeouts.header
            self.greetings = Greetings(service.name, mode.passage, deadlines, seconds)
        elif (pins := service.pool.persistence) is not None and pins.wants_first_bytes:
            seconds = service.settings.timeouts.header
            self.greetings = Greetings(service.name, None, deadlines, seconds, pins.has_enough)
        # Those that began with other settings and come to their end with these.
        self._shaking: list[TlsAccepting] = []
        self._greeting: list[Greetings] = []

    def succeed(self, former: TcpClients) -> None:
        """Take over the clients of the same service after its settings were changed.

        Tunnels go on as they were made; who has no server yet is given one by our settings.
        """
        self._open = former._open
        self.arrivals = former.arrivals
        self.arrivals.take_in = self._take_in
        self.pipes = former.pipes
        for connection in tuple(self._open):
            connection.clients = self
        self._greeting = [each for each in (*former._greeting, former.greetings) if each]
        shaking = former._handshakes()
        for accepting in shaking:
            accepting.arriving = self
        self._shaking = [accepting for accepting in shaking if len(accepting)]

    @property
    def open(self) -> int:
        """Connections that are open now, those that still shake hands or dial included."""
        self._shaking = [accepting for accepting in self._shaking if len(accepting)]
        self._greeting = [greetings for greetings in self._greeting if len(greetings)]
        return len(self._open) + sum(map(len, self._handshakes())) + len(self.arrivals)

    def _handshakes(self) -> list[TlsAccepting]:
        return self._shaking if self.tls is None else [*self._shaking, self.tls]

    def accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        """A client has connected: reach a server for it at once, it may be the one to speak first.

        Args:
            sock: non-blocking.
            peer: address text and port of the client.
        """
        if not self.service.enabled:
            sock.close()
            return
        if self.service.rules is not None:
            self.arrivals.accepted(sock, peer)
        else:
            self._take_in(sock, peer)

    def _take_in(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        if self.tls is not None:
            self.tls.accepted(sock, peer)
            return
        rules = self.service.rules
        if rules is None:
            connection = TcpConnection(self, peer, sock)
        else:
            local = sock.getsockname() if peer[0] else ("", 0)
            client = self.arrivals.client_of(ConnectionFacts(*peer, local[0], local[1]))
            connection = RuledTcpConnection(self, peer, client, rules, sock)
        if self._has_room_for(connection):
            connection.start(PlainStream(self.reactor, sock, connection))
        else:
            sock.close()

    def arrived(self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts) -> None:
        """A client's handshake is done."""
        rules = self.service.rules
        peer = (facts.peer_ip, facts.peer_port)
        if rules is None:
            self._begin(TcpConnection(self, peer, facts=facts), stream)
            return
        self.arrivals.shook_hands(
            stream,
            facts,
            tls,
            lambda client: self._begin(
                RuledTcpConnection(self, peer, client, rules, facts=facts), stream
            ),
        )

    def _begin(self, connection: TcpConnection, stream: Stream) -> None:
        if self._has_room_for(connection):
            stream.owner = connection
            connection.start(stream)
        else:
            turn_away(stream)

    def _has_room_for(self, connection: TcpConnection) -> bool:
        service = self.service
        service.accepted += 1
        limit = service.settings.limits.connections
        if limit and service.connections >= limit:
            connection.write_record(OVERLOADED)
            return False
        service.connections += 1
        self._open.add(connection)
        return True

    def close_idle(self) -> None:
        """Close what carries nothing: handshakes. A tunnel has no rest between two requests."""
        for accepting in self._handshakes():
            accepting.stop()
        for greetings in (*self._greeting, self.greetings):
            if greetings is not None:
                greetings.stop()
        self.arrivals.stop()

    def touch(self, now: float) -> None:
        """Keep the pins of all open tunnels in use."""
        for connection in tuple(self._open):
            connection.touch(now)

    def leave(self, member: Member) -> None:
        """Let nothing be open to that member."""
        for connection in tuple(self._open):
            connection.leave(member)

    def abort_all(self, reason: str) -> None:
        """End every connection now; ``reason`` goes into the records."""
        for connection in tuple(self._open):
            connection.abort(reason)

    def closed(self, connection: TcpConnection) -> None:
        """A connection is over."""
        self._open.discard(connection)
        self.service.connections -= 1
