"""Finding a server for an exchange: choosing, opening, and trying another when that fails."""

from __future__ import annotations

import errno
from typing import Final

from pointsman.core.exchange_facts import ExchangeFacts
from pointsman.core.members import Member
from pointsman.core.nothing_left import last_answer
from pointsman.core.ports import UpstreamPort
from pointsman.core.retry import may_try_again
from pointsman.model import record as ends
from pointsman.model.errors import UpstreamError
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.pool_settings import QueueSettings
from pointsman.model.when_down import CloseConnection, FixedAnswer, RedirectAway

# How those are refused that meet servers over their limits, where nobody may wait.
_NO_QUEUE: Final = QueueSettings()


class Attempts(ExchangeFacts):
    """The part of an exchange that lasts until a server has begun to answer."""

    __slots__ = ()

    def _try_a_server(self) -> None:
        supplies = self._supplies
        self._opened_at = now = supplies.clock()
        bound = self._client.bound
        try:
            if bound is not None and self._goes_on_with(bound, now):
                return
            member = self._choose(now)
        except Exception as error:
            # A scheduler or persistence that raises costs this request and no other.
            supplies.report("to choose a member", error)
            self._fail(500, ends.PLUGIN_ERROR)
            return
        if member is None:
            self._nobody_takes_it(now)
            return
        self._begin_at(member)
        self._open(member, fresh=self._needs_fresh)

    def _begin_at(self, member: Member) -> None:
        self.member = member
        member.begin()
        self._holds_member = True
        self._attempts += 1

    def _choose(self, now: float) -> Member | None:
        """The member for this attempt, or None if nobody can take it."""
        pool = self._pool
        member = pool.choose(self, now, self._tried)
        if member is not None:
            self._how = pool.how
        return member

    def _nobody_takes_it(self, now: float) -> None:
        """Wait for room, if there is hope for it, or be refused."""
        pool = self._pool
        ticket = pool.let_wait(self, self._tried, now)
        if ticket is not None:
            self._opening = ticket
        elif pool.crowded:
            self.waited_too_long()
        elif self._tried:
            self._fail(502, ends.CONNECT_FAILED)
        else:
            self._nothing_left()

    def _nothing_left(self) -> None:
        """No server is left, nor is there hope for one: what the service has for that case."""
        service = self._supplies.service
        when_down, sorry = service.when_down, service.sorry
        if sorry is not None and self._pool is not sorry:
            self._pool = sorry
            self.kept = None
            self._tried = ()
            self._try_a_server()
        elif isinstance(when_down, (RedirectAway, FixedAnswer)):
            assert self.request is not None
            self._answer(*last_answer(when_down, self.request), ends.NO_SERVER)
        elif isinstance(when_down, CloseConnection):
            self._cut(ends.NO_SERVER)
        else:
            self._fail(503, ends.NO_SERVER)

    def slot_free(self) -> None:
        """It has waited for room, and there is some (core.waiting.Waiter)."""
        self._opening = None
        try:
            self._try_a_server()
        except Exception as error:
            # Whoever has made room must not suffer for it.
            self._supplies.report("to go on after waiting", error)
            self._fail(500, ends.PLUGIN_ERROR)

    def waited_too_long(self) -> None:
        """All servers have all the work that they may have, for longer than it may wait."""
        self._opening = None
        queue = self._pool.settings.queue or _NO_QUEUE
        self._fail(queue.status, ends.OVERLOADED, queue.retry_after)

    def connected(self, upstream: UpstreamPort) -> None:
        """An upstream connection is there: send what there is of the request."""
        self._opening = None
        self._upstream = upstream
        self._sent_at = now = self._supplies.clock()
        self._connect = 0.0 if upstream.reused else now - self._opened_at
        request = self.request
        assert request is not None
        if request.method == b"CONNECT":
            if self.member is not None:
                self.member.tunnels += 1
            self._client.switch(None, upstream, b"")
            return
        kept = self._kept
        head = self._client.request_bytes(self._outgoing(request))
        if kept is None:
            upstream.send_request(head, request.method, b"", 0, True)
            return
        self._server_blocked = False
        ended = self._request_ended and not self._request_trailers
        upstream.send_request(head, request.method, kept.joined(), request.body_length, ended)
        kept.drop_if_full()
        if self._request_ended and not ended and self._upstream is upstream:
            upstream.send_end(self._request_trailers)
        if self._holding_client and not self._server_blocked:
            self._holding_client = False
            self._client.go_on()

    def _outgoing(self, request: RequestHead) -> RequestHead:
        """The head for this attempt: the client's own, or a copy that the persistence changes."""
        prepare = self._pool.prepare
        member = self.member
        if prepare is None or member is None:
            return request
        outgoing = request.copy()
        try:
            prepare(self, outgoing, member.name)
        except Exception as error:
            self._supplies.report("to change a request", error)
        return outgoing

    def connect_failed(self, error: UpstreamError) -> None:
        """This server cannot be reached: another one, or none."""
        self._opening = None
        if error.is_ours:
            # Another server could not be reached either, and no client shall change its pin for it.
            self._fail(503, ends.OVERLOADED)
            return
        self._try_another(error, 504 if error.errno == errno.ETIMEDOUT else 502)

    def _try_another(self, error: UpstreamError, status: int) -> None:
        member = self.member
        assert member is not None
        member.failed()
        self._leave_member()
        self._tried = (*self._tried, member)
        self._raced = False
        pool = self._pool
        others = pool.left(self._tried)
        if (
            others or pool.may_wait(self._tried)
        ) and self._attempts < self._supplies.service.settings.max_attempts:
            self._try_a_server()
        elif (
            error.phase == "connect"
            and not others
            and self._supplies.service.when_down is not None
            and pool is not self._supplies.service.sorry
        ):
            self._nothing_left()  # and nothing was sent
        else:
            self._fail(
                status, ends.CONNECT_FAILED if error.phase == "connect" else ends.UPSTREAM_ERROR
            )

    def _answer_failed(self, upstream: UpstreamPort, member: Member, error: UpstreamError) -> None:
        """The connection broke before an answer began: send the request again if that is safe."""
        self._leave_blocked_server()
        if self.over:
            return
        # Closed under us while it was idle is a race, and says nothing of the server (DESIGN 5.7).
        race = upstream.reused and error.retryable and not self._interim_seen
        again = error.retryable and self._may_send_again()
        if again and race and not self._raced:
            self._raced = True
            self._open(member, fresh=True)
        elif again and self._spend():
            self._try_another(error, 502)
        else:
            if not race:
                member.failed()
            self._fail(502, ends.UPSTREAM_ERROR)

    def _leave_blocked_server(self) -> None:
        """The client may be held because a server did not take the head; the next one may."""
        if self._kept is None and self._holding_client:
            self._server_blocked = False
            self._let_client_go_on()

    def _let_client_go_on(self) -> None:
        self._holding_client = False
        self._client.go_on()

    def _spend(self) -> bool:
        """Whether the budget of retries has one left."""
        service = self._supplies.service
        retries = service.settings.retries
        return service.retry_budget.take(service.exchanges, retries.budget, retries.least)

    def _asks_elsewhere(self, head: ResponseHead, ended: bool) -> bool:
        """Whether another server is asked in the place of one that has answered like this.

        Only for statuses that the configuration names, and where that is safe (DESIGN 5.7).
        """
        settings = self._supplies.service.settings
        if head.status not in settings.retries.statuses:
            return False
        member, upstream = self.member, self._upstream
        if member is None or upstream is None or self._binds:
            return False
        tried = (*self._tried, member)
        if (
            self._attempts >= settings.max_attempts
            or not self._may_send_again()
            or not self._pool.left(tried)
            or not self._spend()
        ):
            return False
        self._upstream = None
        if ended:
            upstream.release(head.keep_alive and self._request_ended)
        else:
            upstream.abort()
        if member.passive is not None:
            member.passive.answered(head.status, 0.0)
        self._leave_blocked_server()
        if self.over:
            return True
        self._leave_member()
        self._tried = tried
        self._raced = False
        self._try_a_server()
        return True

    def server_dropped(self, member: Member) -> None:
        """That member is out of service, and nothing is to be left at it."""
        if self.over or not self._holds_member or self.member is not member:
            return
        upstream, opening = self._upstream, self._opening
        self._give_up_upstream()
        self._leave_blocked_server()
        if self.over:
            return
        error = UpstreamError("response", "the server was taken out", retryable=True)
        if opening is not None:
            self._try_another(error, 503)
        elif self.response is not None or upstream is None:
            self._cut(ends.DROPPED)
        elif self._may_send_again():
            self._try_another(error, 503)
        else:
            self._fail(503, ends.DROPPED)

    def _may_send_again(self) -> bool:
        """Whether the request, which was sent, may be sent once more (DESIGN 5.7)."""
        assert self.request is not None
        return may_try_again(
            self.request.method,
            anything_sent=True,
            whole_request_kept=self._kept is None or self._kept.whole,
            response_begun=self._interim_seen,
        )

    def _give_up_upstream(self) -> None:
        upstream = self._upstream
        if upstream is not None:
            self._upstream = None
            upstream.abort()
        elif self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def _leave_member(self) -> None:
        if self._holds_member and self.member is not None:
            self._holds_member = False
            self.member.end()

    def _fail(self, status: int, termination: str, retry_after: int = 0) -> None:
        """Answer with an error and be over (``Exchange._fail``)."""
        raise NotImplementedError

    def _answer(self, head: ResponseHead, body: bytes, termination: str) -> None:
        """Answer with this and be over (``Exchange._answer``)."""
        raise NotImplementedError

    def _cut(self, termination: str) -> None:
        """Break an answer off and be over (``Exchange._cut``)."""
        raise NotImplementedError

    def _open(self, member: Member, *, fresh: bool) -> None:
        """Ask for a connection to that member (``Exchange._open``)."""
        raise NotImplementedError

    def _goes_on_with(self, bound: UpstreamPort, now: float) -> bool:
        """Take the connection on which the client is logged in (``Exchange._goes_on_with``)."""
        raise NotImplementedError
