"""The clients of a service whose rules want to be asked before they are taken in."""

from __future__ import annotations

import socket
import struct
from collections import OrderedDict
from collections.abc import Callable

from pointsman.contracts.tls import TlsFacts
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Close, Decision, Refuse, Respond
from pointsman.net.ruled_client import RuledClient
from pointsman.net.stream import Stream

# Of so many clients that still shake hands it is known what rules have said; of older ones not.
_MOST_KNOWN = 10_000

Peer = tuple[str, int]
TakeIn = Callable[[socket.socket, Peer], None]
Ready = Callable[[RuledClient], None]


def closes(decision: Decision | None) -> bool:
    """Whether a decision about a connection ends it."""
    return isinstance(decision, Close | Refuse | Respond)


class RuledArrivals:
    """Asks at ``connection``, and at ``tls`` once a handshake is done.

    Args:
        service: whose clients come.
        take_in: given a client that rules let in.

    Attributes:
        take_in: as above; somebody else after a reload.
    """

    def __init__(self, service: VirtualService, take_in: TakeIn) -> None:
        self._service = service
        self.take_in = take_in
        self._waiting: dict[RuledClient, socket.socket] = {}
        self._known: OrderedDict[Peer, RuledClient] = OrderedDict()
        self._held: set[_Held] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._held)

    def accepted(self, sock: socket.socket, peer: Peer) -> None:
        """A client has connected."""
        name = sock.getsockname() if peer[0] else ("", 0)
        client = RuledClient(self._service, ConnectionFacts(*peer, name[0], name[1]))
        rules = self._service.rules
        self._waiting[client] = sock

        def decided(decision: Decision | None) -> None:
            if self._waiting.pop(client, None) is None:
                return
            if closes(decision):
                if isinstance(decision, Close) and decision.reset:
                    # The client gets a reset instead of an end.
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
                client.closed()
                return
            self._known[peer] = client
            self._known.move_to_end(peer)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
            self.take_in(sock, peer)

        client.ask("connection", rules.connection if rules is not None else (), decided)

    def client_of(self, facts: ConnectionFacts) -> RuledClient:
        """Who was let in, with all that is known of it now."""
        client = self._known.pop((facts.peer_ip, facts.peer_port), None)
        if client is None:
            client = RuledClient(self._service, facts)
        client.connection = facts
        return client

    def shook_hands(
        self, stream: Stream, facts: ConnectionFacts, tls: TlsFacts, ready: Ready
    ) -> None:
        """A handshake is done: lead to ``ready``, unless rules close it."""
        client = self.client_of(facts)
        client.tls = tls
        rules = self._service.rules
        chain = rules.tls if rules is not None else ()
        if not chain:
            ready(client)
            return
        held = _Held(self._held, client)
        stream.owner = held
        self._held.add(held)
        held.stream = stream

        def decided(decision: Decision | None) -> None:
            self._held.discard(held)
            if closes(decision):
                stream.abort()
            else:
                ready(client)

        client.ask("tls", chain, decided)

    def stop(self) -> None:
        """Close all that rules still think about."""
        for client, sock in tuple(self._waiting.items()):
            del self._waiting[client]
            sock.close()
            client.closed()
        for held in tuple(self._held):
            if held.stream is not None:
                held.stream.abort()


class _Held:
    """Owner of a stream that is not read yet."""

    def __init__(self, all_held: set[_Held], client: RuledClient) -> None:
        self._all = all_held
        self._client = client
        self.stream: Stream | None = None

    def data_received(self, data: bytes) -> None:
        """It is paused."""

    def end_received(self) -> None:
        """Whoever takes it is told that again."""

    def stream_lost(self, error: Exception | None) -> None:
        """The client has left."""
        self.stream = None
        self._all.discard(self)
        self._client.closed()

    def blocked(self) -> None:
        """Nothing is written to it."""

    def drained(self) -> None:
        """Likewise."""
