"""The answer of an exchange that has rules: held while they think, led through their filters."""

from __future__ import annotations

from typing import Final

from pointsman.contracts.rules import FROM_UPSTREAM
from pointsman.core.body_fit import fitting, prepare
from pointsman.core.codings import CodingError
from pointsman.core.filter_line import FilterLine
from pointsman.core.questions import RESPONSE, Questions
from pointsman.model import record as ends
from pointsman.model.decision import Decision, Forward
from pointsman.model.headers import Field
from pointsman.model.message import CHUNKED, ResponseHead

# These have no body, or a part of one, which cannot be understood by itself.
_UNTOUCHED: Final = (204, 206, 304)


class RuledAnswer(Questions):
    """What comes back from the server, or is made up here, on its way to the client."""

    __slots__ = ()

    # ---- the upstream speaks ----

    def response_interim(self, head: ResponseHead) -> None:
        """A 1xx answer came."""
        if self._upstream is not None:  # else it came before the question
            super().response_interim(head)

    def switched(self, head: ResponseHead, data: bytes) -> None:
        """101: a tunnel from here on."""
        if self._upstream is None:
            self._answered_unasked()
        else:
            super().switched(head, data)

    def _answered_unasked(self) -> None:
        """A server has answered while rules still thought about what it is to be asked."""
        if self.member is not None:
            self.member.failed()
        self._fail(502, ends.UPSTREAM_ERROR)

    def response_began(self, head: ResponseHead, data: bytes, ended: bool) -> None:
        """The final answer began."""
        upstream, member = self._upstream, self.member
        assert member is not None
        if upstream is None:
            self._answered_unasked()
            return
        passes = not self._rules.response and self._filters is None
        if not passes and head.status >= 500 and self._asks_elsewhere(head, ended):
            return
        self.answer = head
        self.source = FROM_UPSTREAM
        self._reusable = head.keep_alive
        if passes:
            super().response_began(head, data, ended)
            return
        now = self._supplies.clock()
        self._first_byte = now - self._began
        self._let_learn(head, member, now)
        assert self.request is not None
        self._look_for_login(self.request, head)
        self._body = [data] if data else []
        self._ended = ended
        self._ask_about_answer()
        if self.over or self._upstream is not upstream:
            return
        if self._ended:
            self._let_upstream_go()
        elif self._is_held:
            upstream.hold()

    def response_data(self, data: bytes) -> None:
        """More of the response body."""
        line = self._line
        if line is not None:
            line.feed(data, False)
            upstream = self._upstream
            if upstream is not None and self._is_held:
                upstream.hold()
        elif self.response is None:
            self._body.append(data)
        else:
            super().response_data(data)

    def response_ended(self, trailers: list[Field]) -> None:
        """The response is complete."""
        line = self._line
        if self.over or (line is None and self.response is not None):
            super().response_ended(trailers)
            return
        self._ended = True
        self._held_trailers = trailers
        self._let_upstream_go()
        if line is not None:
            line.feed(b"", True)

    def client_blocked(self) -> None:
        """The client reads too slowly: stop reading the response."""
        self._client_slow = True
        super().client_blocked()

    def client_drained(self) -> None:
        """It has caught up."""
        self._client_slow = False
        line = self._line
        if line is not None:
            line.go_on()
        self._read_on()

    @property
    def _is_held(self) -> bool:
        line = self._line
        return self._client_slow or self._event == RESPONSE or (line is not None and line.busy)

    def _read_on(self) -> None:
        upstream = self._upstream
        if upstream is not None and not self._is_held:
            upstream.go_on()

    def _let_upstream_go(self) -> None:
        """All of the answer is here: its connection is free, however slow rules and client are."""
        upstream = self._upstream
        if upstream is not None:
            self._upstream = None
            self._give_back(upstream, self._reusable and self._request_ended)

    # ---- toward the client ----

    def _ask_about_answer(self) -> None:
        self._filters_before = len(self._filters) if self._filters is not None else 0
        chain = self._rules.response
        if chain:
            self._ask(RESPONSE, chain)
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        """Rules have nothing against this answer, which they may have changed."""
        head, filters, request = self.answer, self._filters, self.request
        assert head is not None
        assert request is not None
        if filters and request.method != b"HEAD" and head.status not in _UNTOUCHED:
            fit, decoder = fitting(head, filters)
            if fit:
                prepare(head, decoder is not None)
                self._line = FilterLine(fit, _Download(self), decoder)
        body = b"".join(self._body)
        self._body = []
        ended, trailers = self._ended, self._held_trailers
        line = self._line
        if line is not None:
            line.feed(body, ended)
        else:
            self._send_answer(head, body, ended and not trailers)
            if ended and trailers and not self.over:
                self._client.send_end(trailers)
                self._complete()
        if not ended and not self.over:
            self._read_on()

    def _send_answer(self, head: ResponseHead, data: bytes, ended: bool) -> None:
        request, client = self.request, self._client
        assert request is not None
        self.response = head
        self._status = head.status
        read = self._request_ended or self._whole_read
        close = client.closing or not request.keep_alive or not read
        if self._ending and not head.keep_alive:
            close = True
        if data:
            self._bytes_out += len(data)
        client.send_head(head, data, ended, close)
        if ended and not self.over:
            self._complete()

    def _filtered(self, data: bytes, last: bool) -> None:
        """More of the answer came out of the filters."""
        head, client, trailers = self.answer, self._client, self._held_trailers
        assert head is not None
        if self.response is None:
            if last:
                head.body_length = len(data)
                head.headers.set(b"Content-Length", b"%d" % len(data))
            else:
                head.body_length = CHUNKED
            self._send_answer(head, data, last)
            return
        if data:
            self._bytes_out += len(data)
            client.send_data(data)
        if last and not self.over:
            client.send_end(trailers)
            if not self.over:
                self._complete()

    def _complete(self) -> None:
        self._let_upstream_go()
        self._finish(self._ending or ends.OK)

    def _decided_in_body(self, decision: Decision) -> None:
        """A filter of the answer has decided something (``RuledExchange``)."""
        raise NotImplementedError


class _Download:
    """The filters' way back to their exchange (core.filter_line.LineOwner)."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: RuledAnswer) -> None:
        self._exchange = exchange

    @property
    def line_blocked(self) -> bool:
        """Whether the client is too slow."""
        return self._exchange._client_slow

    def line_gave(self, data: bytes, last: bool) -> None:
        """More for the client."""
        self._exchange._filtered(data, last)

    def line_decided(self, decision: Decision) -> None:
        """Something else is to be answered."""
        exchange = self._exchange
        exchange._line = exchange._filters = None
        exchange._decided_in_body(decision)

    def line_failed(self, error: Exception) -> None:
        """A filter has raised."""
        exchange = self._exchange
        exchange._line = exchange._filters = None
        exchange._rule_failed("to filter a response", error)

    def line_too_large(self) -> None:
        """The body is too large for a filter."""
        self._refuse(ends.RULE)

    def line_broken(self, error: CodingError) -> None:
        """The server's coding is broken."""
        member = self._exchange.member
        if member is not None:
            member.failed()
        self._refuse(ends.UPSTREAM_ERROR)

    def _refuse(self, termination: str) -> None:
        exchange = self._exchange
        exchange._line = exchange._filters = None
        if exchange.response is None:
            exchange._fail(502, termination)
        else:
            exchange._cut(termination)

    def line_forwards(self, decision: Forward) -> None:
        """Too late for that: the answer is here."""

    def line_settled(self) -> None:
        """The server may go on."""
        self._exchange._read_on()

    def line_dropped(self, error: Exception) -> None:
        """Only to be told."""
        self._exchange._supplies.report("to wait no more", error)
