"""TCP mode, one client connection: a tunnel to a member of the pool, dialled at once."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Protocol

from twisted.logger import Logger

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
    DROPPED,
    NO_SERVER,
    OVERLOADED,
    PLUGIN_ERROR,
    ExchangeRecord,
)
from pointsman.net.call import Call
from pointsman.net.dial import Dialler
from pointsman.net.greeting import Greeting, Greetings
from pointsman.net.relay import Relay
from pointsman.net.splice import Pipes
from pointsman.net.stream import Stream
from pointsman.net.tls_dial import TlsDialler

# What a client may send before its server is reached.
_MOST_EARLY = 64 * 1024

_log = Logger()


class TcpSupplies(Protocol):
    """What all connections of one virtual service in tcp mode share (``TcpClients``).

    Attributes:
        service: whose connections these are.
        dialler: reaches the members.
        tls_dialler: the same for members that want TLS, else None.
        greetings: reads what a client wants where that decides who serves it, else None.
        deadlines: the wheel of idle times.
        clock: monotonic seconds.
        wall: seconds since the epoch, for records.
        request_ids: gives each tunnel its id.
        pipes: kernel pipes for bulk.
    """

    service: VirtualService
    dialler: Dialler
    tls_dialler: TlsDialler | None
    greetings: Greetings | None
    deadlines: Deadlines
    clock: Callable[[], float]
    wall: Callable[[], float]
    request_ids: RequestIds
    pipes: Pipes

    def closed(self, connection: TcpConnection) -> None:
        """A connection is over."""


class TcpConnection:
    """One client connection: owner of its stream until the tunnel takes over.

    It is the arrival that the pool judges (contracts.Arrival), and whom the dialler calls back.

    Attributes:
        client_ip: address of the client as text.
        clients: what it shares; another one after a reload.
        request, kept: as of contracts.Arrival; there are no requests in tcp mode.
    """

    __slots__ = (
        "_begun",
        "_call",
        "_connect",
        "_early",
        "_facts",
        "_member",
        "_memory",
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
        "clients",
        "kept",
        "request",
    )

    def __init__(
        self,
        clients: TcpSupplies,
        peer: tuple[str, int],
        sock: socket.socket | None = None,
        facts: ConnectionFacts | None = None,
    ) -> None:
        self.client_ip, self._port = peer
        self.request = None
        self.kept: object = None
        self._memory: dict[object, object] | None = None
        self.clients = clients
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

    @property
    def memory(self) -> dict[object, object]:
        """What plugins remember as long as it is open, made when it is asked for."""
        if self._memory is None:
            self._memory = {}
        return self._memory

    def touch(self, now: float) -> None:
        """It is still open: its pin, if it has one, is in use."""
        persistence = self._pool.persistence if self._pool is not None else None
        if persistence is not None and self._pin:
            persistence.touch(self, now)

    def start(self, stream: Stream) -> None:
        """Dial a member, or first read what the client wants if that decides which one."""
        self._stream = stream
        greetings = self.clients.greetings
        if greetings is not None:
            greetings.begin(stream, self)
        elif not self._arrive():
            self.abort(NO_SERVER)

    def greeted(self, greeting: Greeting, hello: ClientHello) -> None:
        """The client has said what it wants; it will be sent on as it came."""
        self._heard(greeting, hello)
        if not self._arrive():
            greeting.turn_away()

    def _heard(self, greeting: Greeting, hello: ClientHello) -> None:
        self._early = said = greeting.received
        if self.clients.service.tls is None or self.clients.service.tls.passage is None:
            self._facts = self.connection._replace(first_bytes=said)
        else:
            self._facts = self.connection._replace(
                server_name=hello.server_name, alpn=hello.alpn, session_id=hello.session
            )

    def refused(self, greeting: Greeting) -> None:
        """The client is told why, and will leave."""
        self._reason = CLIENT_ERROR
        self._early = greeting.received

    def _arrive(self) -> bool:
        """Choose the pool and dial; what the client sends meanwhile is kept. False: no pool."""
        service, stream = self.clients.service, self._stream
        assert stream is not None
        try:
            self._pool = self._own_pool()
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

    def _own_pool(self) -> Pool | None:
        service = self.clients.service
        return service.pool if service.route is None else service.route(self)

    def abort(self, reason: str) -> None:
        """End it now, whatever its state."""
        if self._relay is not None:
            self._relay.abort(reason)
        elif self._stream is not None:
            self._reason = self._reason or reason
            self._stream.abort()

    def leave(self, member: Member) -> None:
        """That member keeps nothing: end the tunnel, or reach another if there is none yet."""
        if self._member is not member or self._over:
            return
        if self._relay is not None:
            self._relay.abort(DROPPED)
        elif self._call is not None:
            call, self._call = self._call, None
            call.cancel()
            self._leave_member()
            self._dial()

    def _dial(self) -> None:
        clients = self.clients
        settings = clients.service.settings
        pool = self._pool
        assert pool is not None
        member = None
        if len(self._tried) < settings.max_attempts:
            member = self._choose(pool)
        if member is None:
            self._nobody_takes_it(pool)
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

    def _choose(self, pool: Pool) -> Member | None:
        return pool.choose(self, self._begun, self._tried)

    # ---- when all servers are over their limits (core.waiting.Waiter) ----

    def _nobody_takes_it(self, pool: Pool) -> None:
        clients = self.clients
        sorry = clients.service.sorry
        if len(self._tried) < clients.service.settings.max_attempts:
            self._call = pool.let_wait(self, self._tried, clients.clock())
            if self._call is not None:
                return
            if pool.crowded:
                self.abort(OVERLOADED)
                return
        if sorry is not None and pool is not sorry and not pool.left(self._tried):
            self._pool = sorry
            self.kept = None
            self._tried = ()
            self._dial()
        else:
            self.abort(CONNECT_FAILED if self._tried else NO_SERVER)

    def slot_free(self) -> None:
        """There is room: choose again."""
        self._call = None
        try:
            self._dial()
        except Exception:
            # Whoever has made room must not suffer for it.
            _log.failure("a connection could not go on after it had waited for a server")
            self.abort(PLUGIN_ERROR)

    def waited_too_long(self) -> None:
        """Its time is over."""
        self._call = None
        self.abort(OVERLOADED)

    # ---- what the dialler says ----

    def dialled(self, stream: Stream) -> None:
        """The server is there: join both."""
        clients = self.clients
        self._call = None
        self._connect = clients.clock() - self._begun
        member = self._member
        if member is not None and member.passive is not None:
            member.passive.answered(0, self._connect)
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
            self._member.failed()
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
        self.touch(self.clients.clock())
        self._leave_member()
        self.clients.closed(self)
        self.write_record(reason)
        self._relay = self._stream = None

    def _leave_member(self) -> None:
        member, self._member = self._member, None
        if member is not None:
            member.tunnels -= 1
            member.end()

    def write_record(self, reason: str) -> None:
        """Count this connection as finished and tell those who want to know."""
        clients = self.clients
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
