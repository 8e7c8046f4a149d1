"""An exchange that has rules: it asks them at each event, and waits if they have to wait.

Only services with rules have such exchanges; those of others know nothing of it.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Final

from pointsman.core.members import Member
from pointsman.core.ports import UpstreamPort
from pointsman.core.questions import (
    CONNECT_FAILED,
    ERROR,
    REQUEST,
    RESPONSE,
    SELECTED,
    UPSTREAM_REQUEST,
)
from pointsman.core.ruled_ending import RuledEnding
from pointsman.core.ruled_facts import BY_RULE
from pointsman.core.rules import Rules
from pointsman.model import record as ends
from pointsman.model.decision import Close, Decision, Forward, Refuse, Respond, Retry
from pointsman.model.errors import UpstreamError
from pointsman.model.message import RequestHead

# However often rules change their mind about one exchange, it comes to an end.
_MOST_TURNS: Final = 16


class _Refused(Exception):
    """A rule refuses while a member is being chosen."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("refused by a rule")
        self.decision = decision


class RuledExchange(RuledEnding):
    """One request and what rules and servers make of it (contracts.rules.RuledExchange)."""

    __slots__ = ()

    # ---- the request ----

    def _dispatch(self) -> None:
        chain = self._rules.request
        if chain:
            self._ask(REQUEST, chain)
        else:
            self._go_to_a_server()

    def _settled(self, event: int, decision: Decision | None) -> None:
        if event in (RESPONSE, ERROR):
            self._answer_settled(event, decision)
        elif isinstance(decision, (Respond, Refuse, Close)):
            if event == CONNECT_FAILED and self.member is not None:
                self.member.failed()
            self._end_with(decision)
        elif event == REQUEST:
            if isinstance(decision, Forward):
                self._forward(decision)
            self._lead_up()
        elif event == SELECTED:
            self._selected(decision)
        elif event == CONNECT_FAILED:
            self._not_connected(decision)
        else:
            self._send(self._ready)

    def send_to(self, decision: Forward) -> None:
        """Where rules want all of this client connection to go, unless they decide otherwise."""
        self._forward(decision)

    def _forward(self, decision: Forward) -> None:
        if decision.pool:
            pool = self._rules.pool(decision.pool)
            if pool is not self._pool:
                self._pool = pool
                self.kept = None
        self._wish = decision

    def _go_to_a_server(self) -> None:
        wish = self._wish
        if wish is None or not wish.pool:
            super()._dispatch()
        else:
            self._try_a_server()

    # ---- the server ----

    def _choose(self, now: float) -> Member | None:
        rules = self._rules
        self._by_rule = False
        if not rules.choosing:
            return self._chosen(rules, now)
        looking = rules.looking(self)
        member = self._chosen(rules, now)
        for told in looking:
            told(member.name if member is not None else "", self._how, self._by_rule)
        return member

    def _chosen(self, rules: Rules, now: float) -> Member | None:
        wish = self._wish
        if wish is not None and wish.server:
            member = self._pool.member(wish.server)
            if member is not None and member.takes_pinned and member not in self._tried:
                self._how = BY_RULE
                self._by_rule = True
                return member
            if wish.required:
                self._refusal = Refuse(503)
                return None
        if not rules.select:
            return super()._choose(now)
        pool = self._pool
        try:
            member = pool.choose(self, now, self._tried, self._select)
        except _Refused as refused:
            self._refusal = refused.decision
            return None
        if member is not None:
            self._how = pool.how
        return member

    def _nobody_takes_it(self, now: float) -> None:
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            self._end_with(refusal)
        else:
            super()._nobody_takes_it(now)

    def _select(self, candidates: Sequence[Member]) -> Member | None:
        for ask in self._rules.select:
            said = ask(self, candidates)
            if said is None:
                continue
            if not isinstance(said, str):
                raise _Refused(said)
            for member in candidates:
                if member.name == said:
                    self._by_rule = True
                    return member
        return None

    def _open(self, member: Member, *, fresh: bool) -> None:
        chain = self._rules.selected
        if chain and not self._raced:
            self._fresh = fresh
            self._ask(SELECTED, chain)
        else:
            super()._open(member, fresh=fresh)

    def _selected(self, decision: Decision | None) -> None:
        member = self.member
        assert member is not None
        if decision is not None and self._turn_to(decision, ()):
            self._attempts -= 1  # nobody has tried to reach it
            self._leave_member()
            self._tried = (*self._tried, member)
            self._try_a_server()
        else:
            super()._open(member, fresh=self._fresh)

    def _turn_to(self, decision: Decision, also: Sequence[str]) -> bool:
        """Whether there is somebody else to be tried as a rule wants it; if so, take its wish."""
        if self._turns >= _MOST_TURNS:
            return False
        if isinstance(decision, Retry):
            pool = self._rules.pool(decision.pool) if decision.pool else self._pool
            exclude = (*decision.exclude, *also)
            if not any(self._may_be_next(each, exclude) for each in pool.available):
                return False
            self._tried += tuple([each for each in pool.members if each.name in exclude])
            self._forward(Forward(decision.pool))
        elif isinstance(decision, Forward):
            self._forward(decision)
        else:
            return False
        self._turns += 1
        return True

    def connect_failed(self, error: UpstreamError) -> None:
        """This server cannot be reached: another one, as rules or the pool say."""
        self._opening = None
        self.failure = error.with_traceback(None)  # which knows this exchange: no cycle is left
        chain = self._rules.connect_failed
        if chain and not error.is_ours:
            self._ask(CONNECT_FAILED, chain)
        else:
            super().connect_failed(error)

    def _not_connected(self, decision: Decision | None) -> None:
        error, member = self.failure, self.member
        assert error is not None
        assert member is not None
        if (
            decision is not None
            and self._attempts < self._supplies.service.settings.max_attempts
            and self._turn_to(decision, (member.name,))
        ):
            member.failed()
            self._leave_member()
            self._tried = (*self._tried, member)
            self._raced = False
            self._try_a_server()
        else:
            self._try_another(error, 504 if error.errno == errno.ETIMEDOUT else 502)

    def connected(self, upstream: UpstreamPort) -> None:
        """An upstream connection is there: let rules see the request, then send it."""
        chain = self._rules.upstream_request
        if not chain:
            self.outgoing = None
            self._send(upstream)
            return
        request = self.request
        assert request is not None
        self._opening = None
        self._ready = upstream
        self._connect = 0.0 if upstream.reused else self._supplies.clock() - self._opened_at
        outgoing = super()._outgoing(request)
        self.outgoing = request.copy() if outgoing is request else outgoing
        self._ask(UPSTREAM_REQUEST, chain)

    def _send(self, upstream: UpstreamPort | None) -> None:
        assert upstream is not None
        self._ready = None
        connect = self._connect
        super().connected(upstream)
        if self.outgoing is not None:
            self._connect = connect  # without the time that rules took
        line = self._request_line
        if line is not None and not self.over:
            line.go_on()
            self._hold_if_busy()

    def _outgoing(self, request: RequestHead) -> RequestHead:
        outgoing = self.outgoing
        return super()._outgoing(request) if outgoing is None else outgoing

    def upstream_failed(self, error: UpstreamError) -> None:
        """The upstream connection is of no use any more."""
        if self.over:
            return
        self.failure = error.with_traceback(None)  # which knows this exchange: no cycle is left
        ready, member = self._ready, self.member
        if ready is not None:
            # It broke while a rule still thought about the request: nothing was sent.
            self._ready = None
            self._drop_question()
            assert member is not None
            if ready.reused and not self._raced:
                self._raced = True
                self._open(member, fresh=True)
            else:
                self._try_another(error, 502)
        elif self.answer is not None and self.response is None and self._upstream is not None:
            # Part of an answer is here, and no more will come.
            self._upstream = None
            if member is not None:
                member.failed()
            late = error.phase == "timeout"
            self._fail(
                504 if late else 502, ends.UPSTREAM_TIMEOUT if late else ends.UPSTREAM_ABORTED
            )
        elif self._upstream is not None:
            super().upstream_failed(error)

    def server_dropped(self, member: Member) -> None:
        """That member is out of service, and nothing is to be left at it."""
        if self.over or not self._holds_member or self.member is not member:
            return
        if self._event == CONNECT_FAILED:
            return  # nothing is under way there
        if self._ending or (self.answer is not None and self._upstream is None):
            self._leave_member()  # nor here: what it had to say is all here
        elif self._event in (SELECTED, UPSTREAM_REQUEST):
            self._drop_question()
            self._give_up_upstream()
            if not self.over:
                self._try_another(UpstreamError("connect", "the server was taken out"), 503)
        elif self.answer is not None and self.response is None:
            self._fail(503, ends.DROPPED)
        else:
            super().server_dropped(member)

    def _give_up_upstream(self) -> None:
        ready = self._ready
        if ready is not None:
            self._ready = None
            ready.abort()
        super()._give_up_upstream()
