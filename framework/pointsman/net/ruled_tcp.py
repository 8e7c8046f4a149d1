"""TCP mode, one client connection of a service that has rules."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from pointsman.core.client_hello import ClientHello
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.core.ruled_facts import BY_RULE
from pointsman.core.rules import Rules
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Close, Decision, More, Replace
from pointsman.model.record import CLIENT_TIMEOUT, NO_SERVER, RULE
from pointsman.net.greeting import Greeting
from pointsman.net.ruled_arrivals import closes
from pointsman.net.ruled_client import RuledClient
from pointsman.net.stream import Stream
from pointsman.net.tcp_connection import TcpConnection
from pointsman.net.tcp_line import TcpSupplies

# A rule is shown no more than this of what a client says first.
MOST_SHOWN = 16 * 1024


class RuledTcpConnection(TcpConnection):
    """A connection whose rules are asked at ``client_hello`` and ``data``, and told of its end.

    Attributes:
        deadline, slot: its place in the wheel of deadlines, while its first words are awaited.
    """

    __slots__ = (
        "_asks",
        "_by_rule",
        "_greeting",
        "_log_fields",
        "_notes",
        "_ruled",
        "_rules",
        "_said",
        "deadline",
        "slot",
    )

    def __init__(
        self,
        clients: TcpSupplies,
        peer: tuple[str, int],
        ruled: RuledClient,
        rules: Rules,
        sock: socket.socket | None = None,
        facts: ConnectionFacts | None = None,
    ) -> None:
        super().__init__(clients, peer, sock, facts)
        self._ruled = ruled
        self._rules = rules
        self._greeting: Greeting | None = None
        self._asks = False  # at `data`
        self._said = 0  # bytes that came, whatever rules make of them
        self._by_rule = False  # a rule has named its server
        self._notes: dict[object, object] | None = None
        self._log_fields: dict[str, str] | None = None
        self.deadline = 0
        self.slot = 0

    @property
    def memory(self) -> dict[object, object]:
        """What plugins and rules remember as long as it is open."""
        return self._ruled.memory

    @property
    def pool(self) -> str:
        """Name of the pool it goes to."""
        return self._pool.name if self._pool is not None else ""

    @property
    def notes(self) -> dict[object, object]:
        """For rulebooks to tell themselves and each other."""
        if self._notes is None:
            self._notes = {}
        return self._notes

    @property
    def log_fields(self) -> dict[str, str]:
        """Further fields of the access log."""
        if self._log_fields is None:
            self._log_fields = {}
        return self._log_fields

    def _fields(self) -> Mapping[str, str] | None:
        return self._log_fields

    def start(self, stream: Stream) -> None:
        """Read what the client wants if that decides where it goes, else dial."""
        if self.clients.greetings is not None or not self._rules.data:
            super().start(stream)
            return
        self._stream = stream
        stream.owner = self
        self._asks = True
        self.clients.deadlines.arm(self, self.clients.service.settings.timeouts.header)
        stream.resume()

    # ---- its first words ----

    def greeted(self, greeting: Greeting, hello: ClientHello) -> None:
        """The client has said what it wants."""
        self._greeting = greeting
        self._heard(greeting, hello)
        self._ruled.connection = self.connection
        tls = self.clients.service.tls
        if tls is not None and tls.passage is not None:
            self._ruled.ask("client_hello", self._rules.client_hello, self._hello_decided)
        else:
            # Its pool wanted to read first: so much it is, and no more.
            shown = self._early[:MOST_SHOWN]
            self._ruled.ask("data", self._rules.data, self._hello_decided, shown, False)

    def _hello_decided(self, decision: Decision | None) -> None:
        greeting, self._greeting = self._greeting, None
        assert greeting is not None
        if isinstance(decision, Replace):
            self._early = decision.data
        if closes(decision):
            self._close(decision)
        elif not self._arrive():
            greeting.turn_away()

    def data_received(self, data: bytes) -> None:
        """The client speaks before its server is there."""
        super().data_received(data)
        if self._asks:
            self._said = len(self._early)
            self._ask_about_data()

    def end_received(self) -> None:
        """It has finished sending: more will not come."""
        if self._asks:
            self._ask_about_data(more=False)

    def _ask_about_data(self, more: bool = True) -> None:
        assert self._stream is not None
        self._asks = False
        self._stream.pause()
        shown = self._early[:MOST_SHOWN]
        more = more and len(self._early) < MOST_SHOWN

        def decided(decision: Decision | None) -> None:
            stream = self._stream
            if isinstance(decision, More) and more and stream is not None:
                self._asks = True
                stream.resume()
                return
            self.clients.deadlines.disarm(self)
            if closes(decision):
                self._close(decision)
                return
            if isinstance(decision, Replace):
                self._early = decision.data
            if not self._arrive():
                self.abort(NO_SERVER)

        self._ruled.ask("data", self._rules.data, decided, shown, more)

    def timed_out(self) -> None:
        """Its first words did not come in time."""
        if self._asks:
            self.abort(CLIENT_TIMEOUT)

    def _close(self, decision: Decision | None) -> None:
        stream = self._stream
        self._reason = RULE
        if stream is None:
            return
        if isinstance(decision, Close) and not decision.reset:
            stream.close()
        else:
            stream.abort()

    # ---- where it goes ----

    def _own_pool(self) -> Pool | None:
        forward = self._ruled.forward
        if forward is not None and forward.pool:
            return self._rules.pool(forward.pool)
        return super()._own_pool()

    def _choose(self, pool: Pool) -> Member | None:
        rules = self._rules
        self._by_rule = False
        if not rules.choosing:
            return self._chosen(pool)
        looking = rules.looking(self)
        member = self._chosen(pool)
        for told in looking:
            told(member.name if member is not None else "", self._how(pool), self._by_rule)
        return member

    def _how(self, pool: Pool) -> str:
        return BY_RULE if self._by_rule else pool.how

    def _chosen(self, pool: Pool) -> Member | None:
        forward = self._ruled.forward
        if forward is not None and forward.server:
            member = pool.member(forward.server)
            if member is not None and member.takes_pinned and member not in self._tried:
                self._by_rule = True
                return member
            if forward.required:
                return None
        return super()._choose(pool)

    def _nobody_takes_it(self, pool: Pool) -> None:
        forward = self._ruled.forward
        if forward is not None and forward.required:
            self.abort(NO_SERVER)  # nobody else will do
        else:
            super()._nobody_takes_it(pool)

    def _finish(self, reason: str) -> None:
        if not self._over:
            self.clients.deadlines.disarm(self)
            self._ruled.closed()
        super()._finish(reason)
