"""The narrow sides of an exchange: the client it answers, the upstream it asks, who opens one.

In the program these are connections; in tests they are recorders.
"""

from __future__ import annotations

from typing import Protocol

from pointsman.contracts import Arrival
from pointsman.contracts.tls import TlsFacts
from pointsman.core.members import Member
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import UpstreamError
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead


class Asking(Arrival, Protocol):
    """Who asks for an upstream and is told what it says: an exchange, as its upstream sees it."""

    def connected(self, upstream: UpstreamPort) -> None:
        """An upstream connection is there, idle until the request is sent."""

    def connect_failed(self, error: UpstreamError) -> None:
        """No connection could be had; nothing was sent."""

    def response_interim(self, head: ResponseHead) -> None:
        """A 1xx answer came (not 101)."""

    def response_began(self, head: ResponseHead, data: bytes, ended: bool) -> None:
        """The final answer began; ``data`` is the body so far, ``ended`` if that is all of it."""

    def response_data(self, data: bytes) -> None:
        """More of the body, not empty."""

    def response_ended(self, trailers: list[Field]) -> None:
        """The body is complete."""

    def switched(self, head: ResponseHead, data: bytes) -> None:
        """101: from here on the connection carries something else; ``data`` came with it."""

    def upstream_failed(self, error: UpstreamError) -> None:
        """The connection broke, timed out or spoke nonsense; the port has been closed."""

    def upstream_blocked(self) -> None:
        """The server reads too slowly: stop sending the request body."""

    def upstream_drained(self) -> None:
        """It has caught up."""


class Holder(Protocol):
    """A client whose login belongs to a connection to a server (``core.binding``).

    Attributes:
        bound: that connection while it waits for the client's next request, else None.
    """

    bound: UpstreamPort | None


class UpstreamPort(Protocol):
    """One connection to a real server, lent to one exchange at a time."""

    @property
    def member(self) -> Member:
        """Whose server it leads to."""

    @property
    def reused(self) -> bool:
        """Whether it has already carried another exchange."""

    def send_request(
        self, head: bytes, method: bytes, body: bytes, length: int, ended: bool
    ) -> None:
        """Send the head and the first part of the body.

        Args:
            head: ready bytes.
            method: of the request; the answer's framing depends on it.
            body: payload so far, may be empty.
            length: body length as ``RequestHead.body_length`` gives it.
            ended: the body is complete.
        """

    def send_data(self, data: bytes) -> None:
        """More payload, not empty."""

    def send_end(self, trailers: list[Field]) -> None:
        """The request is complete."""

    def hold(self) -> None:
        """Stop reading the response for now."""

    def go_on(self) -> None:
        """Read on."""

    def release(self, reusable: bool) -> None:
        """The exchange is over; keep the connection for another one if ``reusable``."""

    def abort(self) -> None:
        """The exchange is given up: close the connection at once."""

    # ---- connections that are logged in ----

    def wait_for(self, holder: Holder) -> None:
        """The exchange is over; wait for the next one of this client, and for nobody else.

        It becomes ``holder.bound`` if it can be used again, and is None there once it is lost.
        """

    def suits(self, asking: Asking) -> bool:
        """Whether a new connection for ``asking`` would be of the same kind."""

    def taken_by(self, asking: Asking) -> None:
        """While it waits: carry this exchange, which is told ``connected``."""

    def close(self) -> None:
        """While it waits: nobody wants it any more."""


class Opening(Protocol):
    """An upstream connection that is being opened."""

    def cancel(self) -> None:
        """Nobody waits for it any more; its asker hears nothing more of it."""


class Upstreams(Protocol):
    """Opens upstream connections, or finds idle ones."""

    def open(self, member: Member, asking: Asking, fresh: bool) -> Opening | None:
        """Lead to ``connected`` or ``connect_failed``.

        Args:
            member: whose server.
            asking: who will be told.
            fresh: an idle connection will not do (one has just failed).

        Returns:
            What is under way, or None if ``asking`` was told before this returned.
        """


class ClientPort(Holder, Protocol):
    """The client as one exchange sees it."""

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts of the connection."""

    @property
    def tls(self) -> TlsFacts | None:
        """What the handshake told, None without TLS."""

    @property
    def memory(self) -> dict[object, object]:
        """What plugins remember as long as it is open (contracts.Arrival)."""

    @property
    def closing(self) -> bool:
        """Whether the connection ends after this exchange whatever it says."""

    def request_bytes(self, head: RequestHead) -> bytes:
        """The head as the server gets it, with what is told about this client."""

    def send_interim(self, head: ResponseHead) -> None:
        """Pass a 1xx answer on."""

    def send_head(self, head: ResponseHead, data: bytes, ended: bool, close: bool) -> None:
        """Begin the answer, with the body so far; ``close`` ends the connection after it."""

    def send_data(self, data: bytes) -> None:
        """More of the body, not empty."""

    def send_end(self, trailers: list[Field]) -> None:
        """The answer is complete."""

    def cut(self) -> None:
        """The answer cannot be completed: let the client see that it is broken."""

    def hold(self) -> None:
        """Stop reading the request body for now."""

    def go_on(self) -> None:
        """Read on."""

    def switch(self, head: ResponseHead | None, upstream: UpstreamPort, data: bytes) -> None:
        """Join client and upstream to a tunnel; ``tunnel_finished`` of the exchange follows.

        Args:
            head: the 101 to pass on, or None for CONNECT, which gets a plain 200.
            upstream: the other side.
            data: what the server already sent through the tunnel.
        """

    def done(self, completed: bool) -> None:
        """The exchange is over; ``completed`` if the whole request was read."""
