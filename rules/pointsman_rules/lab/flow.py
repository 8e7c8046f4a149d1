"""The way of one request through a book of rules, as the core would lead it, without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pointsman.contracts.rules import FROM_PROXY, FROM_RULE, FROM_UPSTREAM, BodyFilter
from pointsman.contracts.tls import TlsFacts
from pointsman.model.connection import ConnectionFacts
from pointsman.model.decision import Close, Forward, Pending, Refuse, Respond, Retry
from pointsman.model.errors import UpstreamError
from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead, ResponseHead
from pointsman_rules.book import Book
from pointsman_rules.lab.scenario import Fields, Request, Upstream
from pointsman_rules.lab.stage import LabConnection, LabExchange, LabRoom, LabServer

MOST_ATTEMPTS = 3
PATIENCE, LOOK = 60.0, 0.05  # seconds of the lab's own clock
_NO_BODY = (204, 304)


@dataclass(slots=True)
class Outcome:
    """What came of a request.

    Attributes:
        does: what was decided about the request.
        status, headers, body: of the answer.
        pool, server: where it went.
        sent: the request as the last server got it, and its body.
        attempts: servers tried.
        log: further fields of the access log.
        trace: why.
    """

    does: str = "nothing"
    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    pool: str = ""
    server: str = ""
    sent: RequestHead | None = None
    sent_body: bytes = b""
    attempts: int = 0
    log: Mapping[str, str] = field(default_factory=dict)
    trace: Sequence[str] = ()


def headers_of(told: Fields) -> Headers:
    """Header fields as a scenario writes them."""
    headers = Headers()
    for name, value in told.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                headers.add(name.encode(), str(one).encode("utf-8"))
    return headers


class Flow:
    """Leads requests through a book.

    Args:
        book: started in the room.
        room: its pools and its clock.
        pool: where requests go if no rule says otherwise.
    """

    def __init__(self, book: Book, room: LabRoom, pool: str) -> None:
        self._book = book
        self._room = room
        self._pool = pool
        self._turn = 0

    def play(self, request: Request, upstream: Sequence[Upstream]) -> Outcome:
        """Play one request, with what the servers do with it."""
        if request.passthrough:
            return self._passthrough(request)
        x = self._exchange(request)
        out = Outcome(pool=self._pool)
        body = request.body.encode("utf-8")
        answer = self._until_answered(x, out, body, list(upstream))
        if answer is not None:
            x.came = ResponseHead(
                answer.status, Headers(answer.fields), body_length=len(answer.body)
            )
            out.body = answer.body
        if x.came is not None:
            out.status, out.headers = x.came.status, x.came.headers
        x.ended = "ok" if out.status else "closed"
        x.received = (len(body), len(out.body))
        self._ask("log", x)
        out.pool, out.server, out.attempts = x.to_pool, x.to_server, x.tries
        out.sent, out.log, out.trace = x.sent, x.log_fields, x.traced
        return out

    def _passthrough(self, told: Request) -> Outcome:
        connection = ConnectionFacts(told.from_, 50000, "198.51.100.1", 443, False, told.sni)
        x = LabConnection(connection)
        said = self._ask("connection", x)
        if said is None:
            said = self._ask("client_hello", x)
        self._ask("close", x)
        pool = said.pool if isinstance(said, Forward) else self._pool
        return Outcome(_word(said), pool="" if isinstance(said, Close) else pool)

    def _exchange(self, told: Request) -> LabExchange:
        connection = ConnectionFacts(
            told.from_, 50000, "198.51.100.1", 443 if told.secure else 80, told.secure, told.sni
        )
        tls = None
        if told.secure:
            lines = "".join(
                f"X-SSL-Client-{name.capitalize()}: {value}\r\n"
                for name, value in told.certificate.items()
            )
            tls = TlsFacts(told.sni, lines.encode(), "TLSv1.3 TLS_AES_256_GCM_SHA384")
        headers = headers_of({"Host": told.host, **told.headers})
        wire = b"".join(b"%b: %b\r\n" % pair for pair in headers)
        head = RequestHead(
            told.method.encode(), told.target.encode("utf-8"), None,
            host=told.host.encode(), wire=wire, body_length=len(told.body.encode("utf-8")),
        )  # fmt: skip
        self._ask("connection", LabConnection(connection, tls))
        x = LabExchange(head, connection, tls)
        x.to_pool = self._pool
        return x

    # ---- the way ----

    def _until_answered(
        self, x: LabExchange, out: Outcome, body: bytes, upstream: list[Upstream]
    ) -> Respond | None:
        """The answer that is made here, or None once the server's own stands in ``x.came``."""
        said = self._ask("request", x)
        out.does = _word(said)
        if isinstance(said, Close):
            return None
        if isinstance(said, Respond | Refuse):
            return self._own(x, said)
        through = self._through(x.request_filters, body)
        if not isinstance(through, bytes):
            out.does = _word(through)
            return self._own(x, through)
        out.sent_body = through
        if isinstance(said, Forward):
            x.to_pool = said.pool or x.to_pool
        wish = said.server if isinstance(said, Forward) else ""
        tried: set[str] = set()
        while True:
            server = self._server(x, wish, tried)
            if not isinstance(server, LabServer):
                return self._own(x, server)
            wish = ""
            x.to_server, x.tries = server.name, x.tries + 1
            tried.add(server.name)
            said = self._attempt(x, out, upstream.pop(0) if len(upstream) > 1 else upstream[0])
            if said is None:
                return None
            if isinstance(said, Close):
                x.came = None
                return None
            if isinstance(said, Forward):
                x.to_pool, wish = said.pool or x.to_pool, said.server
            elif isinstance(said, Retry):
                x.to_pool = said.pool or x.to_pool
                tried |= {*said.exclude}
            else:
                return self._own(x, said)

    def _server(self, x: LabExchange, wish: str, tried: set[str]) -> Any:
        pool = self._room.pools.get(x.to_pool)
        if pool is None or x.tries >= MOST_ATTEMPTS:
            return Refuse(503 if pool is None else 502)
        free = [one for one in pool.available if one.name not in tried]
        if not free:
            return Refuse(502 if tried else 503)
        named = [one for one in free if one.name == wish]
        if named:
            return named[0]
        select = self._book.events.select
        if select is not None:
            said = select(x, free)
            if isinstance(said, Respond | Refuse):
                return said
            named = [one for one in free if one.name == said]
            if named:
                return named[0]
        self._turn += 1
        return free[self._turn % len(free) - 1]

    def _attempt(self, x: LabExchange, out: Outcome, upstream: Upstream) -> Any:
        said = self._ask("selected", x)
        if said is not None:
            return said
        if upstream.refused:
            x.problem = UpstreamError("connect", "connection refused", retryable=True)
            said = self._ask("connect_failed", x)
            return Retry() if said is None else said
        x.sent = x.request.copy()
        said = self._ask("upstream_request", x)
        if said is not None:
            return said
        body = b"" if upstream.status in _NO_BODY else upstream.body.encode("utf-8")
        x.came = ResponseHead(upstream.status, headers_of(upstream.headers), body_length=len(body))
        x.whose = FROM_UPSTREAM
        x.response_filters.clear()
        said = self._ask("response", x)
        if isinstance(said, Retry) and self._may_retry(x, said):
            x.came = None
            return said
        if isinstance(said, Respond | Refuse | Close):
            return said
        through = self._through(x.response_filters, body)
        if not isinstance(through, bytes):
            return through
        out.body = through
        return None

    def _may_retry(self, x: LabExchange, said: Retry) -> bool:
        idempotent = x.request.method in (b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS")
        pool = self._room.pools.get(said.pool or x.to_pool)
        others = [] if pool is None else [
            one for one in pool.available if one.name not in (x.to_server, *said.exclude)
        ]  # fmt: skip
        return (idempotent or said.unsafe) and x.tries < MOST_ATTEMPTS and bool(others)

    def _own(self, x: LabExchange, said: Any) -> Respond:
        """An answer of ours: as a rule has it, or an error page that rules may replace."""
        if isinstance(said, Respond):
            x.whose = FROM_RULE
            return said
        status = said.status if isinstance(said, Refuse) else 502
        x.came = ResponseHead(status)
        x.whose = FROM_PROXY
        other = self._ask("error", x)
        return other if isinstance(other, Respond) else Respond(status, b"")

    # ---- asking ----

    def _ask(self, event: str, seen: Any) -> Any:
        ask: Callable[[Any], Any] | None = getattr(self._book.events, event)
        return None if ask is None else self._settled(ask(seen))

    def _through(self, filters: Sequence[BodyFilter], body: bytes) -> Any:
        for one in filters:
            if not body:
                break
            if one.most and len(body) > one.most:
                continue
            said = self._settled(one.feed(body, True))
            if not isinstance(said, bytes):
                return said
            body = said
        return body

    def _settled(self, said: Any) -> Any:
        """What was decided, also if that takes time: the lab's own."""
        if not isinstance(said, Pending):
            return said
        found: list[Any] = []
        said.wait(found.append)
        waited = 0.0
        while not found and waited < PATIENCE:
            self._room.reactor.advance(LOOK)
            waited += LOOK
        return found[0] if found else None


def _word(said: Any) -> str:
    return "nothing" if said is None else type(said).__name__.lower()
