"""One request and its response: the state machine of the house.

It is told things by its client and its upstream, and speaks to both through narrow ports. No
socket, no clock of its own, no waiting: what it is told next is up to them.
"""

from __future__ import annotations

from typing import Final

from pointsman.core.attempts import Attempts
from pointsman.core.binding import logs_in_connection, may_log_in
from pointsman.core.error_answer import error_answer
from pointsman.core.kept_body import KeptBody
from pointsman.core.members import Member
from pointsman.core.pool import BOUND
from pointsman.core.ports import UpstreamPort
from pointsman.model import record as ends
from pointsman.model.errors import ClientError, UpstreamError
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead

# An exchange that took longer than this has kept its pin in use; seconds.
_LONG: Final = 1.0


class Exchange(Attempts):
    """One request of a client and what becomes of it. Every path ends in ``_finish``, once."""

    __slots__ = ("__weakref__",)

    # ---- the client speaks ----

    def begin(self, head: RequestHead, data: bytes, ended: bool) -> None:
        """The request head was read; ``data`` is the body so far, ``ended`` if that is all."""
        self.request = head
        self._request_ended = ended
        settings = self._supplies.service.settings
        if head.body_length:
            if head.body_length > settings.limits.body > 0:
                self._fail(413, ends.CLIENT_ERROR)
                return
            self._kept = KeptBody()
            if data:
                if self._breaks_body_limit(data):
                    return
                self._keep(data)
        if head.method == b"CONNECT":
            if not settings.allow_connect or head.body_length:
                # RFC 9110 section 9.3.6: what follows a CONNECT is the tunnel, never a body.
                self._fail(400 if settings.allow_connect else 405, ends.CLIENT_ERROR)
                return
            # A server that speaks HTTP on its idle connections takes no tunnel on them.
            self._needs_fresh = True
        self._dispatch()

    def _dispatch(self) -> None:
        """The request is sound: choose the pool, and find a server."""
        route = self._supplies.service.route
        if route is not None:
            pool = route(self)
            if pool is None:
                self._fail(503, ends.NO_SERVER)
                return
            self._pool = pool
        self._try_a_server()

    def request_data(self, data: bytes) -> None:
        """More of the request body."""
        if self.over or self._breaks_body_limit(data):
            return
        kept = self._keep(data)
        upstream = self._upstream
        if upstream is not None:
            upstream.send_data(data)
            kept.drop_if_full()
        elif kept.is_full:
            self._hold_client()

    def request_ended(self, trailers: list[Field]) -> None:
        """The request is complete."""
        if self.over:
            return
        self._request_ended = True
        self._request_trailers = trailers
        if self._upstream is not None:
            self._upstream.send_end(trailers)

    def refuse(self, error: ClientError) -> None:
        """What the client sent is no request, or breaks off in the middle of one."""
        if self.over:
            return
        if self.response is not None:
            self._cut(ends.CLIENT_ERROR)
        else:
            silent = error.status == 408
            self._fail(error.status, ends.CLIENT_TIMEOUT if silent else ends.CLIENT_ERROR)

    def refuse_overload(self) -> None:
        """The service has as many connections as it may have."""
        self._fail(503, ends.OVERLOADED)

    def client_gone(self) -> None:
        """The client closed or was lost: nobody waits for the answer any more."""
        if not self.over:
            self._give_up_upstream()
            self._finish(ends.CLIENT_ABORTED)

    def client_stalled(self) -> None:
        """The client does not read the answer, for longer than it may."""
        if not self.over:
            self._cut(ends.CLIENT_TIMEOUT)

    def stop(self) -> None:
        """The drain time is over."""
        if self.over:
            return
        if self.response is None and self.request is not None:
            self._fail(503, ends.STOPPED)
        else:
            self._cut(ends.STOPPED)

    def client_blocked(self) -> None:
        """The client reads too slowly: stop reading the response."""
        if self._upstream is not None:
            self._upstream.hold()

    def client_drained(self) -> None:
        """It has caught up."""
        if self._upstream is not None:
            self._upstream.go_on()

    # ---- the upstream speaks ----

    def _open(self, member: Member, *, fresh: bool) -> None:
        opening = self._supplies.upstreams.open(member, self, fresh)
        if opening is not None:
            self._opening = opening

    def _goes_on_with(self, bound: UpstreamPort, now: float) -> bool:
        """Take the connection on which this client is logged in, or let it go."""
        self._client.bound = None
        pool, member = self._pool, bound.member
        persistence = pool.persistence
        name = persistence.find(self, now) if persistence is not None else None
        if (
            self._needs_fresh
            or pool.member(member.name) is not member
            or not member.takes_pinned
            or name not in (None, member.name)
            or not bound.suits(self)
        ):
            bound.close()
            return False
        self._how = BOUND
        self._binds = True
        self._begin_at(member)
        bound.taken_by(self)
        return True

    def response_interim(self, head: ResponseHead) -> None:
        """A 1xx answer came."""
        self._interim_seen = True
        if self.request is not None and self.request.minor:  # RFC 9110 section 15.2: never to 1.0
            self._client.send_interim(head)

    def response_began(self, head: ResponseHead, data: bytes, ended: bool) -> None:
        """The final answer began."""
        request = self.request
        member = self.member
        assert request is not None
        assert member is not None
        if head.status >= 500 and self._asks_elsewhere(head, ended):
            return
        supplies = self._supplies
        now = supplies.clock()
        self._first_byte = now - self._began
        self.response = head
        self._status = head.status
        pool = self._pool
        if pool.hears_answers:
            self._let_learn(head, member, now)
        self._look_for_login(request, head)
        client = self._client
        close = client.closing or not request.keep_alive or not self._request_ended
        if data:
            self._bytes_out += len(data)
        client.send_head(head, data, ended, close)
        if ended and not self.over:
            self._complete()

    def _look_for_login(self, request: RequestHead, head: ResponseHead) -> None:
        if may_log_in(request, head) and logs_in_connection(request, head):
            self._binds = True

    def _let_learn(self, head: ResponseHead, member: Member, now: float) -> None:
        """Whoever wants to know of answers is told; one that raises breaks nothing."""
        pool = self._pool
        if member.passive is not None:
            member.passive.answered(head.status, now - self._sent_at)
        try:
            if pool.first_byte is not None:
                pool.first_byte(member, now - self._sent_at)
            if pool.learn is not None:
                pool.learn(self, head, member.name, now)
        except Exception as error:
            self._supplies.report("to learn from a response", error)

    def response_data(self, data: bytes) -> None:
        """More of the response body."""
        self._bytes_out += len(data)
        self._client.send_data(data)

    def response_ended(self, trailers: list[Field]) -> None:
        """The response is complete."""
        if not self.over:
            self._client.send_end(trailers)
            self._complete()

    def switched(self, head: ResponseHead, data: bytes) -> None:
        """101: a tunnel from here on (RFC 9110 section 7.8)."""
        upstream, request, member = self._upstream, self.request, self.member
        assert upstream is not None
        assert request is not None
        assert member is not None
        if not request.upgrade or not self._request_ended:
            member.failed()
            self._fail(502, ends.UPSTREAM_ERROR)
            return
        now = self._supplies.clock()
        self._first_byte = now - self._began
        self._status = head.status
        self.response = head
        self._let_learn(head, member, now)
        member.tunnels += 1
        self._client.switch(head, upstream, data)

    def upstream_failed(self, error: UpstreamError) -> None:
        """The upstream connection is of no use any more."""
        if self.over:
            return
        upstream, self._upstream = self._upstream, None
        member = self.member
        assert upstream is not None
        assert self.request is not None
        assert member is not None
        if self.response is not None:
            member.failed()
            self._cut(ends.UPSTREAM_TIMEOUT if error.phase == "timeout" else ends.UPSTREAM_ABORTED)
            return
        if error.phase == "timeout":
            member.failed()
            self._fail(504, ends.UPSTREAM_TIMEOUT)
            return
        self._answer_failed(upstream, member, error)

    def upstream_blocked(self) -> None:
        """The server reads too slowly: stop reading the request body."""
        self._server_blocked = True
        self._hold_client()

    def upstream_drained(self) -> None:
        """It has caught up."""
        self._server_blocked = False
        if self._holding_client:
            self._holding_client = False
            self._client.go_on()

    # ---- tunnels ----

    def tunnel_finished(self, bytes_in: int, bytes_out: int, termination: str) -> None:
        """The tunnel that this exchange became is over; bytes from and to the client."""
        if self.over:
            return
        if self.member is not None:
            self.member.tunnels -= 1
        self._status = self._status or 200
        self._bytes_in += bytes_in
        self._bytes_out += bytes_out
        self._upstream = None
        self._finish(termination)

    # ---- the request body ----

    def _breaks_body_limit(self, data: bytes) -> bool:
        limit = self._supplies.service.settings.limits.body
        if not limit or self._bytes_in + len(data) <= limit:
            return False
        if self.response is None:
            self._fail(413, ends.CLIENT_ERROR)
        else:
            self._cut(ends.CLIENT_ERROR)
        return True

    def _hold_client(self) -> None:
        self._holding_client = True
        self._client.hold()

    def _keep(self, data: bytes) -> KeptBody:
        self._bytes_in += len(data)
        kept = self._kept
        assert kept is not None  # a request with a body has one from its beginning
        kept.add(data)
        return kept

    # ---- how it ends ----

    def _fail(self, status: int, termination: str, retry_after: int = 0) -> None:
        """The one place where an error becomes a response."""
        head, body = error_answer(status, self.request_id, retry_after)
        self._answer(head, body, termination)

    def _answer(self, head: ResponseHead, body: bytes, termination: str) -> None:
        """Answer with something of our own."""
        self._give_up_upstream()
        if self.over:
            return
        request = self.request
        if request is not None and request.method == b"HEAD":
            body = b""
            head.body_length = 0
        self.response = head
        self._status = head.status
        self._bytes_out += len(body)
        goes_on = request is not None and request.keep_alive and self._request_ended
        self._client.send_head(head, body, True, not goes_on or self._client.closing)
        self._finish(termination)

    def _complete(self) -> None:
        upstream, response = self._upstream, self.response
        if upstream is not None and response is not None:
            self._upstream = None
            self._give_back(upstream, response.keep_alive and self._request_ended)
        self._finish(ends.OK)

    def _give_back(self, upstream: UpstreamPort, reusable: bool) -> None:
        if self._binds and reusable:
            upstream.wait_for(self._client)
        else:
            upstream.release(reusable)

    def _cut(self, termination: str) -> None:
        self._give_up_upstream()
        if self.over:
            return
        self._client.cut()
        self._finish(termination)

    def _finish(self, termination: str) -> None:
        if self.over:
            return
        self.over = True
        self._leave_member()
        service = self._supplies.service
        service.exchanges += 1
        now = self._supplies.clock()
        try:
            if now - self._began > _LONG:
                self.touch(now)
            if service.finished:
                record = self._record(termination, now)
                for told in service.finished:
                    told(record)
        finally:
            if self._holding_client:
                self._holding_client = False
                self._client.go_on()
            self._client.done(self._request_ended)
