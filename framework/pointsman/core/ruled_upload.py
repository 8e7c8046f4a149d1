"""The body of a request that has rules: led through their filters on its way to the server."""

from __future__ import annotations

from pointsman.core.body_fit import fitting, prepare
from pointsman.core.codings import CodingError
from pointsman.core.filter_line import FilterLine
from pointsman.core.kept_body import KeptBody
from pointsman.core.ruled_answer import RuledAnswer
from pointsman.model import record as ends
from pointsman.model.decision import Decision, Forward
from pointsman.model.headers import Field
from pointsman.model.message import CHUNKED, ResponseHead


class RuledUpload(RuledAnswer):
    """What the client sends after its request head."""

    __slots__ = ()

    # ---- the client speaks ----

    def request_data(self, data: bytes) -> None:
        """More of the request body."""
        if self._ending:
            return  # it is being answered already
        line = self._request_line
        if line is None:
            super().request_data(data)
            return
        if self.over or self._breaks_body_limit(data):
            return
        self._bytes_in += len(data)
        line.feed(data, False)
        self._hold_if_busy()

    def request_ended(self, trailers: list[Field]) -> None:
        """The request is complete."""
        line = self._request_line
        if self._ending:
            self._whole_read = True
        elif line is None:
            super().request_ended(trailers)
        elif not self.over:
            self._whole_read = True
            self._upload_trailers = trailers
            line.feed(b"", True)

    # ---- through the filters ----

    def _lead_up(self) -> None:
        """Rules are done with the head: lead the body through what they handed over."""
        request, kept, filters = self.request, self._kept, self._request_filters
        assert request is not None
        if not filters or kept is None:
            self._go_to_a_server()
            return
        fit, decoder = fitting(request, filters)
        if not fit:
            self._go_to_a_server()
            return
        prepare(request, decoder is not None)
        self._request_line = line = FilterLine(fit, _Upload(self), decoder)
        body, ended = kept.joined(), self._request_ended
        self._kept = KeptBody()
        if ended:
            self._whole_read = True
            self._request_ended = False
            self._upload_trailers = self._request_trailers
        self._waits_whole = line.wants_whole
        if not self._waits_whole:
            request.body_length = CHUNKED
        elif request.expects_continue:
            # We want the body before any server does (RFC 9110 section 10.1.1).
            request.expects_continue = False
            request.headers.remove(b"Expect")
            if not body and not ended:
                self._client.send_interim(ResponseHead(100, reason=b"Continue"))
        line.feed(body, ended)
        if self._has_come_to_an_end:
            return
        if self.member is None and not line.wants_whole and not self._waits_whole:
            self._go_to_a_server()
        if not self._has_come_to_an_end:
            self._hold_if_busy()
            self._let_client_go_on()

    @property
    def _has_come_to_an_end(self) -> bool:
        return self.over or self._ending != ""

    def _uploaded(self, data: bytes, last: bool) -> None:
        """More of the body came out of the filters."""
        request, kept = self.request, self._kept
        assert request is not None
        assert kept is not None
        if data:
            kept.add(data)
        if last:
            self._request_ended = True
            self._request_trailers = self._upload_trailers
        if self._waits_whole:
            self._waits_whole = False
            if last:
                request.body_length = len(data)
                request.headers.set(b"Content-Length", b"%d" % len(data))
                self._request_trailers = []  # there is no place for them
            else:
                request.body_length = CHUNKED
            self._go_to_a_server()
            return
        upstream = self._upstream
        if upstream is None:
            if kept.is_full and not self._holding_client:
                self._hold_client()
            return
        if data:
            upstream.send_data(data)
        kept.drop_if_full()
        if last and self._upstream is upstream:
            upstream.send_end(self._request_trailers)

    def _hold_if_busy(self) -> None:
        line = self._request_line
        if line is not None and line.busy and not self.over and not self._holding_client:
            self._hold_client()

    def _let_client_go_on(self) -> None:
        """Read more of the body, if nothing is in its way."""
        line, kept = self._request_line, self._kept
        if not self._holding_client or self._server_blocked or (line is not None and line.busy):
            return
        if self._upstream is None and kept is not None and kept.is_full:
            return
        self._holding_client = False
        self._client.go_on()

    def upstream_drained(self) -> None:
        """The server has caught up."""
        self._server_blocked = False
        line = self._request_line
        if line is not None:
            line.go_on()
        self._let_client_go_on()

    def _go_to_a_server(self) -> None:
        """Find a server (``RuledExchange``)."""
        raise NotImplementedError

    def _forward(self, decision: Forward) -> None:
        """Go to the pool or server that a rule wants (``RuledExchange``)."""
        raise NotImplementedError


class _Upload:
    """The filters' way back to their exchange (core.filter_line.LineOwner)."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: RuledUpload) -> None:
        self._exchange = exchange

    @property
    def line_blocked(self) -> bool:
        """Whether the server is too slow."""
        return self._exchange._server_blocked

    def line_gave(self, data: bytes, last: bool) -> None:
        """More for the server."""
        self._exchange._uploaded(data, last)

    def line_decided(self, decision: Decision) -> None:
        """No server gets it, or not all of it."""
        self._exchange._request_line = None
        self._exchange._decided_in_body(decision)

    def line_failed(self, error: Exception) -> None:
        """A filter has raised."""
        self._exchange._request_line = None
        self._exchange._rule_failed("to filter a request", error)

    def line_too_large(self) -> None:
        """The body is too large for a filter."""
        self._refuse(413, ends.RULE)

    def line_broken(self, error: CodingError) -> None:
        """The client's coding is broken."""
        self._refuse(400, ends.CLIENT_ERROR)

    def _refuse(self, status: int, termination: str) -> None:
        exchange = self._exchange
        exchange._request_line = None
        if exchange.response is None:
            exchange._fail(status, termination)
        else:
            exchange._cut(termination)

    def line_forwards(self, decision: Forward) -> None:
        """It goes elsewhere, unless it is on its way already."""
        exchange = self._exchange
        if exchange.member is not None:
            return
        if decision.pool and decision.pool not in exchange._rules.pools:
            error = ValueError(f"there is no pool {decision.pool!r}")
            exchange._rule_failed("to filter a request", error)
        else:
            exchange._forward(decision)

    def line_settled(self) -> None:
        """The client may go on."""
        self._exchange._let_client_go_on()

    def line_dropped(self, error: Exception) -> None:
        """Only to be told."""
        self._exchange._supplies.report("to wait no more", error)
