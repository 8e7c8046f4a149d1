"""The line to a client in tcp mode, until a tunnel takes over: what comes, and how it ends."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pointsman.core.deadlines import Deadlines
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.request_ids import RequestIds
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.record import CLIENT_ABORTED, ExchangeRecord
from pointsman.net.call import Call
from pointsman.net.dial import Dialler
from pointsman.net.greeting import Greetings
from pointsman.net.relay import Relay
from pointsman.net.splice import Pipes
from pointsman.net.stream import Stream
from pointsman.net.tls_dial import TlsDialler

# What a client may send before its server is reached.
_MOST_EARLY = 64 * 1024


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

    def closed(self, connection: Any) -> None:
        """A connection is over."""


class TcpLine:
    """What a connection in tcp mode is to its stream and to those who look at it.

    ``TcpConnection`` adds how it comes to a server.

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

    # ---- what the client's stream says ----

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

    def abort(self, reason: str) -> None:
        """End it now, whatever its state."""
        if self._relay is not None:
            self._relay.abort(reason)
        elif self._stream is not None:
            self._reason = self._reason or reason
            self._stream.abort()

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
            fields=self._fields(),
        )
        for finished in service.finished:
            finished(record)

    def _fields(self) -> Mapping[str, str] | None:
        """What rules want to have logged."""
        return None
