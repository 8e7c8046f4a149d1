"""What is known of an exchange: for plugins while it runs, for logs once it is over."""

from __future__ import annotations

from pointsman.core.kept_body import KeptBody
from pointsman.core.members import Member
from pointsman.core.ports import ClientPort, Opening, UpstreamPort
from pointsman.core.supplies import ExchangeSupplies
from pointsman.model.connection import ConnectionFacts
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.record import ExchangeRecord

# Shared by all requests without trailers; never changed, only replaced.
_NO_TRAILERS: list[Field] = []


class ExchangeFacts:
    """The state of one exchange, and the two views of it (contracts.Arrival, ExchangeRecord).

    Attributes:
        request: its head, None if none could be read.
        response: the head that was passed on, None until then.
        member: the member that has it now, or had it last.
        client_ip: the client's address, the real one behind trusted proxies.
        kept: for the persistence of its pool (contracts.Arrival).
        over: nothing more will happen.
    """

    __slots__ = (
        "_attempts",
        "_began",
        "_binds",
        "_bytes_in",
        "_bytes_out",
        "_client",
        "_connect",
        "_first_byte",
        "_holding_client",
        "_holds_member",
        "_how",
        "_interim_seen",
        "_kept",
        "_needs_fresh",
        "_opened_at",
        "_opening",
        "_pool",
        "_raced",
        "_request_ended",
        "_request_id",
        "_request_trailers",
        "_sent_at",
        "_server_blocked",
        "_status",
        "_supplies",
        "_tried",
        "_upstream",
        "client_ip",
        "kept",
        "member",
        "over",
        "request",
        "response",
    )

    def __init__(self, supplies: ExchangeSupplies, client: ClientPort, client_ip: str) -> None:
        self._supplies = supplies
        self._client = client
        self.client_ip = client_ip
        self.kept: object = None
        self._began = supplies.clock()
        self.request: RequestHead | None = None
        self.response: ResponseHead | None = None
        self.member: Member | None = None
        self.over = False
        self._pool = supplies.service.pool
        self._upstream: UpstreamPort | None = None
        self._opening: Opening | None = None
        self._holds_member = False
        self._request_ended = False
        self._request_trailers: list[Field] = _NO_TRAILERS
        self._kept: KeptBody | None = None
        self._interim_seen = False
        self._holding_client = False
        self._server_blocked = False
        self._needs_fresh = False
        self._tried: tuple[Member, ...] = ()
        self._raced = False
        self._binds = False  # the connection to the server is logged in (core.binding)
        self._attempts = 0
        self._how = ""
        self._status = 0
        self._bytes_in = 0
        self._bytes_out = 0
        self._opened_at = 0.0
        self._sent_at = 0.0
        self._connect = -1.0
        self._first_byte = -1.0
        self._request_id = ""

    # ---- what plugins may see of it (contracts.Arrival) ----

    @property
    def connection(self) -> ConnectionFacts:
        """The fixed facts of the client connection."""
        return self._client.connection

    @property
    def memory(self) -> dict[object, object]:
        """What plugins remember as long as the client's connection is open."""
        return self._client.memory

    @property
    def request_id(self) -> str:
        """Unique id, made when it is first asked for."""
        if not self._request_id:
            self._request_id = self._supplies.next_id()
        return self._request_id

    def touch(self, now: float) -> None:
        """It is still open: its pin, if it has one, is in use."""
        persistence = self._pool.persistence
        if persistence is not None and self._how:
            persistence.touch(self, now)

    def _record(self, termination: str, now: float) -> ExchangeRecord:
        supplies = self._supplies
        request = self.request
        connection = self._client.connection
        return tuple.__new__(
            ExchangeRecord,
            (
                supplies.wall(),
                supplies.service.name,
                self.client_ip,
                connection.peer_port,
                request.method if request is not None else b"",
                request.target if request is not None else b"",
                request.minor if request is not None else 0,
                self._status,
                self._bytes_in,
                self._bytes_out,
                self.member.name if self.member is not None else "",
                self._how,
                self._attempts,
                self._connect,
                self._first_byte,
                now - self._began,
                self.request_id,
                termination,
                request,
                connection.server_name,
                None,
            ),
        )
