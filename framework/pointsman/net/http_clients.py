"""All client connections of a virtual service in http mode: taken in, counted, drained, ended."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

from pointsman.contracts.tls import TlsFacts
from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.members import Member
from pointsman.core.supplies import ExchangeSupplies
from pointsman.model.connection import ConnectionFacts
from pointsman.net.client import ClientConnection
from pointsman.net.client_supplies import ClientSupplies
from pointsman.net.plain_stream import PlainStream
from pointsman.net.ruled_arrivals import RuledArrivals
from pointsman.net.ruled_client import RuledClient
from pointsman.net.stream import Stream
from pointsman.net.tls_accept import TlsAccepting


class HttpClients:
    """All client connections of one virtual service in http mode.

    Args:
        supplies: what its exchanges share.
        reactor: offers IReactorFDSet.
        deadlines: the wheel.
        lines: shared memory of field lines.

    Attributes:
        tls: the handshakes of its clients, None if they speak plain HTTP.
    """

    def __init__(
        self, supplies: ExchangeSupplies, reactor: Any, deadlines: Deadlines, lines: FieldLines
    ) -> None:
        self._service = supplies.service
        self._connected = supplies.service.connected
        self._most = supplies.service.settings.limits.connections
        self._supplies = ClientSupplies(supplies, reactor, deadlines, lines, self._gone)
        self._arrivals = RuledArrivals(supplies.service, self._take_in)
        mode = supplies.service.tls
        self.tls: TlsAccepting | None = None
        if mode is not None and mode.client is not None:
            self._supplies.heed(mode.client)
            name = supplies.service.name
            self.tls = TlsAccepting(name, mode.client, reactor, deadlines, self)
        self._open: set[ClientConnection] = set()
        self._refused: set[ClientConnection] = set()
        # Handshakes that began with other settings and come to their end with these.
        self._shaking: list[TlsAccepting] = []

    def succeed(self, former: HttpClients) -> None:
        """Take over the clients of the same service after its settings were changed.

        Those between two exchanges go on with ours at once, the others after the exchange.
        """
        self._open, self._refused = former._open, former._refused
        self._arrivals = former._arrivals
        self._arrivals.take_in = self._take_in
        former._supplies.give_way_to(self._supplies)
        for connection in tuple(self._open):
            if connection.exchange is None:
                connection.move_on()
        shaking = former._handshakes()
        for accepting in shaking:
            accepting.arriving = self
        self._shaking = [accepting for accepting in shaking if len(accepting)]

    def accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        """A client has connected; ``sock`` is non-blocking and ours from now on."""
        if not self._service.enabled:
            sock.close()
            return
        if self._service.rules is not None:
            self._arrivals.accepted(sock, peer)
        else:
            self._take_in(sock, peer)

    def _take_in(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        if self.tls is not None:
            self.tls.accepted(sock, peer)
            return
        local = sock.getsockname() if peer[0] else ("", 0)
        facts = ConnectionFacts(peer[0], peer[1], local[0], local[1])
        connection = ClientConnection(self._supplies, facts)
        if self._service.rules is not None:
            connection.ruled = self._arrivals.client_of(facts)
        self._start(connection, PlainStream(self._supplies.reactor, sock, connection))

    def arrived(self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts) -> None:
        """A client's handshake is done."""
        if self._service.rules is not None:
            ready = partial(self._begin, stream, facts, tls)
            self._arrivals.shook_hands(stream, facts, tls, ready)
        else:
            self._begin(stream, facts, tls, None)

    def _begin(
        self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts, ruled: RuledClient | None
    ) -> None:
        stream.owner = connection = ClientConnection(self._supplies, facts, tls)
        connection.ruled = ruled
        self._start(connection, stream)

    def _start(self, connection: ClientConnection, stream: Stream) -> None:
        service = self._service
        for told in self._connected:
            told(service.name, connection.connection)
        service.accepted += 1
        self._open.add(connection)
        if service.connections >= self._most > 0:
            # It is not counted: one that only waits to be refused must not keep others out.
            self._refused.add(connection)
            connection.refuse_overload(stream)
        else:
            service.connections += 1
            connection.start(stream)

    def _gone(self, connection: ClientConnection) -> None:
        if connection not in self._open:
            return
        self._open.remove(connection)
        if connection.ruled is not None:
            connection.ruled.closed()
        if connection in self._refused:
            self._refused.remove(connection)
        else:
            self._service.connections -= 1

    def touch(self, now: float) -> None:
        """Keep the pins of all exchanges and tunnels in use that are under way."""
        for connection in tuple(self._open):
            if connection.exchange is not None:
                connection.exchange.touch(now)

    def leave(self, member: Member) -> None:
        """Let nothing be under way at that member."""
        for connection in tuple(self._open):
            connection.leave(member)

    def __len__(self) -> int:
        self._shaking = [accepting for accepting in self._shaking if len(accepting)]
        return len(self._open) + sum(map(len, self._handshakes())) + len(self._arrivals)

    def _handshakes(self) -> list[TlsAccepting]:
        return self._shaking if self.tls is None else [*self._shaking, self.tls]

    def drain(self) -> None:
        """Close what is idle; let exchanges end, and their connections with them."""
        self._supplies.draining = True
        self._arrivals.stop()
        for accepting in self._handshakes():
            accepting.stop()
        for connection in list(self._open):
            connection.stop_when_idle()

    def stop(self) -> None:
        """The drain time is over: end everything."""
        for connection in list(self._open):
            connection.stop()
