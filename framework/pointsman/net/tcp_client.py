"""TCP mode: every accepted connection becomes a tunnel to a member of the pool."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from pointsman.contracts.tls import TlsFacts
from pointsman.core.client_hello import ClientHello
from pointsman.core.deadlines import Deadlines
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.request_ids import RequestIds
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import UpstreamError
from pointsman.model.record import (
    CLIENT_ABORTED,
    CLIENT_ERROR,
    CONNECT_FAILED,
    NO_SERVER,
    OVERLOADED,
    ExchangeRecord,
)
from pointsman.net.call import Call
from pointsman.net.dial import Dialler
from pointsman.net.greeting import Greeting, Greetings
from pointsman.net.plain_stream import PlainStream
from pointsman.net.relay import Relay
from pointsman.net.splice import Pipes
from pointsman.net.stream import Stream
from pointsman.net.tls_accept import TlsAccepting, turn_away
from pointsman.net.tls_dial import TlsDialler

# What a client may send before its server is reached.
_MOST_EARLY = 64 * 1024


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

    @property
    def open(self) -> int:
        """Connections that are open now, those that still shake hands or dial included."""
        return len(self._open) + (len(self.tls) if self.tls is not None else 0)

    def accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        """A client has connected: reach a server for it at once, it may be the one to speak first.

        Args:
            sock: non-blocking.
            peer: address text and port of the client.
        """
        if self.tls is not None:
            self.tls.accepted(sock, peer)
            return
        connection = TcpConnection(self, peer, sock)
        if self._has_room_for(connection):
            connection.start(PlainStream(self.reactor, sock, connection))
        else:
            sock.close()

    def arrived(self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts) -> None:
        """A client's handshake is done."""
        connection = TcpConnection(self, (facts.peer_ip, facts.peer_port), facts=facts)
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
        if self.tls is not None:
            self.tls.stop()
        if self.greetings is not None:
            self.greetings.stop()

    def abort_all(self, reason: str) -> None:
        """End every connection now; ``reason`` goes into the records."""
        for connection in tuple(self._open):
            connection.abort(reason)

    def closed(self, connection: TcpConnection) -> None:
        """A connection is over."""
        self._open.discard(connection)
        self.service.connections -= 1


class TcpConnection:
    """One client connection: owner of its stream until the tunnel takes over.

    It is the arrival that the pool judges (contracts.Arrival), and whom the dialler calls back.

    Attributes:
        client_ip: address of the client as text.
        request: None, there are no requests in tcp mode.
    """

    __slots__ = (
        "_begun",
        "_call",
        "_clients",
        "_connect",
        "_early",
        "_facts",
        "_member",
        "_over",
        "_pin",
        "_pool",
        "_port",
        "_reason",
        "_relay",
        "_sock",
        "_stream",
        "_tried",
        "client_ip",
        "request",
    )

    def __init__(
        self,
        clients: TcpClients,
        peer: tuple[str, int],
        sock: socket.socket | None = None,
        facts: ConnectionFacts | None = None,
    ) -> None:
        self.client_ip, self._port = peer
        self.request = None
        self._clients = clients
        self._sock = sock
        self._stream: Stream | None = None
        self._facts = facts
        self._begun = clients.clock()
        self._connect = -1.0
        self._early = b""
        self._pin = ""
        self._pool: Pool | None = None
        self._tried: tuple[Member, ...] = ()
        self._member: Member | None = None
        self._call: Call | None = None
        self._relay: Relay | None = None
        self._reason = ""
        self._over = False

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts; made when somebody asks, because most of the time nobody does."""
        if self._facts is None:
            name = self._sock.getsockname() if self._sock is not None else ()
            local = name[:2] if isinstance(name, tuple) and name else ("", 0)
            self._facts = ConnectionFacts(self.client_ip, self._port, *local)
        return self._facts

    def start(self, stream: Stream) -> None:
        """Dial a member, or first read what the client wants if its TLS passes through."""
        self._stream = stream
        greetings = self._clients.greetings
        if greetings is not None:
            greetings.begin(stream, self)
        elif not self._arrive():
            self.abort(NO_SERVER)

    def greeted(self, greeting: Greeting, hello: ClientHello) -> None:
        """The client's ClientHello is whole, and will be sent on as it came."""
        self._facts = self.connection._replace(server_name=hello.server_name, alpn=hello.alpn)
        self._early = greeting.received
        if not self._arrive():
            greeting.turn_away()

    def refused(self, greeting: Greeting) -> None:
        """The client is told why, and will leave."""
        self._reason = CLIENT_ERROR
        self._early = greeting.received

    def _arrive(self) -> bool:
        """Choose the pool and dial; what the client sends meanwhile is kept. False: no pool."""
        service, stream = self._clients.service, self._stream
        assert stream is not None
        try:
            self._pool = service.pool if service.route is None else service.route(self)
            if self._pool is None:
                return False
            stream.owner = self
            for told in service.connected:
                told(service.name, self.connection)
            self._dial()
        except BaseException:
            self.abort(NO_SERVER)  # a scheduler that raises must not leave a client behind
            raise
        if self._relay is None and not self._over:
            stream.resume()
        return True

    def abort(self, reason: str) -> None:
        """End it now, whatever its state."""
        if self._relay is not None:
            self._relay.abort(reason)
        elif self._stream is not None:
            self._reason = self._reason or reason
            self._stream.abort()

    def _dial(self) -> None:
        clients = self._clients
        settings = clients.service.settings
        pool = self._pool
        assert pool is not None
        member = None
        if len(self._tried) < settings.max_attempts:
            member = pool.choose(self, self._begun, self._tried)
        if member is None:
            self.abort(CONNECT_FAILED if self._tried else NO_SERVER)
            return
        self._pin = pool.how
        self._tried += (member,)
        self._member = member
        member.begin()
        member.tunnels += 1
        server, timeout, tls = member.server, settings.timeouts.connect, clients.tls_dialler
        if tls is None:
            call = clients.dialler.dial(server, timeout, self)
        else:
            call = tls.dial(server, timeout, self, tls.side.key(server, self))
        # None says that it has ended meanwhile, perhaps in a further call that is under way.
        if call is not None:
            self._call = call

    # ---- what the dialler says ----

    def dialled(self, stream: Stream) -> None:
        """The server is there: join both."""
        clients = self._clients
        self._call = None
        self._connect = clients.clock() - self._begun
        client_stream, early = self._stream, self._early
        assert client_stream is not None
        self._early = b""
        self._relay = Relay(
            client_stream,
            stream,
            clients.deadlines,
            clients.service.settings.timeouts.tunnel,
            self._relay_finished,
            to_upstream=early,
            pipes=clients.pipes,
        )

    def dial_failed(self, error: UpstreamError) -> None:
        """The server cannot be reached: try another."""
        self._call = None
        if self._member is not None:
            self._member.failures += 1
        self._leave_member()
        self._dial()

    # ---- what the client's stream says until the tunnel takes over ----

    def data_received(self, data: bytes) -> None:
        """The client speaks before its server is there."""
        self._early += data
        if len(self._early) > _MOST_EARLY and self._stream is not None:
            self._stream.pause()

    def end_received(self) -> None:
        """It has finished sending; it may still want to read. The tunnel is told that again."""

    def stream_lost(self, error: Exception | None) -> None:
        """It left before its server was there, or we closed it."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        self._finish(self._reason or CLIENT_ABORTED)

    def blocked(self) -> None:
        """Nothing is written to the client before the tunnel is made."""

    def drained(self) -> None:
        """Likewise."""

    # ---- how it ends ----

    def _relay_finished(self, relay: Relay, reason: str) -> None:
        self._finish(reason)

    def _finish(self, reason: str) -> None:
        if self._over:
            return
        self._over = True
        self._leave_member()
        self._clients.closed(self)
        self.write_record(reason)
        self._relay = self._stream = None

    def _leave_member(self) -> None:
        member, self._member = self._member, None
        if member is not None:
            member.tunnels -= 1
            member.end()

    def write_record(self, reason: str) -> None:
        """Count this connection as finished and tell those who want to know."""
        clients = self._clients
        service = clients.service
        service.exchanges += 1
        if not service.finished:
            return
        relay = self._relay
        record = ExchangeRecord(
            time=clients.wall(),
            service=service.name,
            client_ip=self.client_ip,
            client_port=self._port,
            method=b"",
            target=b"",
            minor=0,
            status=0,
            bytes_in=relay.bytes_in if relay else len(self._early),
            bytes_out=relay.bytes_out if relay else 0,
            server=self._tried[-1].name if self._connect >= 0 else "",
            pin=self._pin,
            attempts=len(self._tried),
            connect=self._connect,
            first_byte=-1.0,
            total=clients.clock() - self._begun,
            request_id=clients.request_ids.next(),
            termination=reason,
            request=None,
            server_name=self._facts.server_name if self._facts is not None else "",
        )
        for finished in service.finished:
            finished(record)
