"""TCP mode, one client connection: a tunnel to a member of the pool, dialled at once."""

from __future__ import annotations

from twisted.logger import Logger

from pointsman.core.client_hello import ClientHello
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.model.errors import UpstreamError
from pointsman.model.record import (
    CLIENT_ERROR,
    CONNECT_FAILED,
    DROPPED,
    NO_SERVER,
    OVERLOADED,
    PLUGIN_ERROR,
)
from pointsman.net.greeting import Greeting
from pointsman.net.relay import Relay
from pointsman.net.stream import Stream
from pointsman.net.tcp_line import TcpLine

_log = Logger()


class TcpConnection(TcpLine):
    """One client connection: owner of its stream until the tunnel takes over.

    It is the arrival that the pool judges (contracts.Arrival), and whom the dialler calls back.
    """

    __slots__ = ()

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
        self._pin = self._how(pool)
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

    def _how(self, pool: Pool) -> str:
        """The word for how that was."""
        return pool.how

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
        if error.is_ours:
            self.abort(OVERLOADED)
            return
        if self._member is not None:
            self._member.failed()
        self._leave_member()
        self._dial()
