"""What rulebooks may know of an exchange (contracts.rules.RuledExchange)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pointsman.contracts.rules import BodyFilter, Ruled
from pointsman.contracts.tls import TlsFacts
from pointsman.core.exchange import Exchange
from pointsman.core.filter_line import FilterLine
from pointsman.core.members import Member
from pointsman.core.ports import ClientPort, UpstreamPort
from pointsman.core.retry import may_try_again
from pointsman.core.rules import Rules
from pointsman.core.supplies import ExchangeSupplies
from pointsman.model.decision import Decision, Forward, Pending
from pointsman.model.errors import UpstreamError
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.record import ExchangeRecord

# How a member was chosen (ExchangeRecord.pin) that a rule has named.
BY_RULE: Final = "rule"


class RuledFacts(Exchange):
    """The state of an exchange that has rules, beside that of any other.

    Attributes:
        outgoing: the copy of the request head for the server.
        answer: the head of the answer; ``response`` is the same once it was sent.
        source: whose answer that is.
        failure: why the last attempt failed.
        termination: how it ended.
        tracer: is told why something was decided; None for real exchanges.
    """

    __slots__ = (
        "_asks_at",
        "_body",
        "_by_rule",
        "_chain",
        "_client_slow",
        "_ended",
        "_ending",
        "_event",
        "_filters",
        "_filters_before",
        "_fresh",
        "_held_trailers",
        "_line",
        "_log_fields",
        "_notes",
        "_pending",
        "_ready",
        "_refusal",
        "_request_filters",
        "_request_line",
        "_reusable",
        "_rules",
        "_so_far",
        "_turns",
        "_upload_trailers",
        "_waits_whole",
        "_whole_read",
        "_wish",
        "answer",
        "failure",
        "outgoing",
        "source",
        "termination",
        "tracer",
    )

    def __init__(
        self, supplies: ExchangeSupplies, client: ClientPort, client_ip: str, rules: Rules
    ) -> None:
        super().__init__(supplies, client, client_ip)
        self._rules = rules
        self.outgoing: RequestHead | None = None
        self.answer: ResponseHead | None = None
        self.source = ""
        self.failure: UpstreamError | None = None
        self.termination = ""
        self._by_rule = False  # a rule has named its server
        self.tracer: Callable[[str], None] | None = None
        self._notes: dict[object, object] | None = None
        self._log_fields: dict[str, str] | None = None
        # The question that is being asked.
        self._event = 0
        self._chain: tuple[Ruled, ...] = ()
        self._asks_at = 0
        self._so_far: Forward | None = None
        self._pending: Pending | None = None
        # Where it goes.
        self._wish: Forward | None = None
        self._refusal: Decision | None = None
        self._turns = 0
        self._fresh = False
        self._ready: UpstreamPort | None = None  # connected, and not yet sent to
        # The request body through filters.
        self._request_filters: list[BodyFilter] | None = None
        self._request_line: FilterLine | None = None
        self._whole_read = False
        self._waits_whole = False
        self._upload_trailers: list[Field] = []
        # The answer while it is held, and through filters.
        self._ending = ""  # it is ours, and how the exchange ends with it
        self._body: list[bytes] = []
        self._ended = False
        self._held_trailers: list[Field] = []
        self._reusable = False
        self._filters: list[BodyFilter] | None = None
        self._filters_before = 0
        self._line: FilterLine | None = None
        self._client_slow = False

    # ---- the view ----

    @property
    def service(self) -> str:
        """Name of the virtual service."""
        return self._supplies.service.name

    @property
    def tls(self) -> TlsFacts | None:
        """What the client's handshake told."""
        return self._client.tls

    @property
    def pool(self) -> str:
        """Name of the pool it goes to."""
        return self._pool.name

    @property
    def server(self) -> str:
        """Name of the server that has it now or had it last."""
        member = self.member
        return member.name if member is not None else ""

    @property
    def pin(self) -> str:
        """How that was chosen."""
        return self._how

    @property
    def attempts(self) -> int:
        """How many servers were tried."""
        return self._attempts

    @property
    def status(self) -> int:
        """Of the answer, 0 before there is one."""
        answer = self.answer
        return self._status if answer is None or self._status else answer.status

    @property
    def timings(self) -> tuple[float, float, float]:
        """Seconds: to connect, to the first byte of the answer, since it began."""
        return self._connect, self._first_byte, self._supplies.clock() - self._began

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of body from the client and to it."""
        return self._bytes_in, self._bytes_out

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

    @property
    def tracing(self) -> bool:
        """Whether somebody wants to know the reasons."""
        return self.tracer is not None

    def trace(self, words: str) -> None:
        """Tell a reason to whom it may concern."""
        if self.tracer is not None:
            self.tracer(words)

    def filter_request(self, one: BodyFilter) -> None:
        """Lead the body of the request through a filter."""
        if self._request_filters is None:
            self._request_filters = []
        self._request_filters.append(one)

    def filter_response(self, one: BodyFilter) -> None:
        """Lead the body of the answer through a filter."""
        if self._filters is None:
            self._filters = []
        self._filters.append(one)

    @property
    def may_retry(self) -> bool:
        """Whether another server could be tried now without doing something twice."""
        return self._may_retry("", (), False)

    def _may_retry(self, pool: str, exclude: tuple[str, ...], unsafe: bool) -> bool:
        request = self.request
        if request is None or self.response is not None or self.over or self._ending:
            return False
        if self._binds:
            return False  # no other server knows this client
        if self._attempts >= self._supplies.service.settings.max_attempts:
            return False
        kept = self._kept
        whole = kept is None or kept.whole
        sent = self._upstream is not None or self.answer is not None
        if not whole or not (
            unsafe
            or may_try_again(
                request.method, anything_sent=sent, whole_request_kept=True, response_begun=False
            )
        ):
            return False
        there = self._rules.pool(pool) if pool else self._pool
        return any(self._may_be_next(each, exclude) for each in there.available)

    def _may_be_next(self, member: Member, exclude: tuple[str, ...]) -> bool:
        return member is not self.member and member not in self._tried and (
            member.name not in exclude
        )  # fmt: skip

    def _record(self, termination: str, now: float) -> ExchangeRecord:
        record = super()._record(termination, now)
        fields = self._log_fields
        return record if fields is None else record._replace(fields=fields)
