"""How an exchange that has rules is answered by ourselves: error pages, what rules say, retries."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.contracts.rules import FROM_PROXY, FROM_RULE, FROM_UPSTREAM
from pointsman.core.error_answer import error_answer
from pointsman.core.own_answer import own_answer
from pointsman.core.questions import ERROR
from pointsman.core.ruled_upload import RuledUpload
from pointsman.model import record as ends
from pointsman.model.decision import Close, Decision, Refuse, Respond, Retry
from pointsman.model.message import ResponseHead


class RuledEnding(RuledUpload):
    """The answers that no server has given, and those that are not passed on."""

    __slots__ = ()

    def _answer(self, head: ResponseHead, body: bytes, termination: str) -> None:
        """Answer with something of our own, after rules had their say about it."""
        if self.over:
            return
        self._drop_all()
        self._give_up_upstream()
        self._leave_member()
        request = self.request
        again = bool(self._ending)
        self._ending = termination
        if request is None or again or termination == ends.STOPPED:
            super()._answer(head, body, termination)
            return
        self._have_answer(head, body, FROM_PROXY)
        chain = self._rules.error
        if chain and head.status >= 400:
            self._ask(ERROR, chain)
        else:
            self._ask_about_answer()

    def _end_with(self, decision: Decision) -> None:
        """No server gets it, or what one has said is thrown away."""
        self._drop_all()
        self._give_up_upstream()
        self._leave_member()
        if isinstance(decision, Respond):
            self._answer_with(decision)
        elif isinstance(decision, Refuse):
            self._fail(decision.status, ends.RULE)
        else:
            self._cut(ends.RULE)

    def _decided_in_body(self, decision: Decision) -> None:
        self._drop_all()
        if self.response is not None or not isinstance(decision, (Respond, Refuse)):
            self._give_up_upstream()
            self._cut(ends.RULE)
        elif self.answer is None:
            self._end_with(decision)
        else:
            if self._replace_answer(decision):
                self._pass_on()

    def _answer_with(self, decision: Respond) -> None:
        """Answer as a rule has decided."""
        request = self.request
        assert request is not None
        try:
            head, body = own_answer(decision, request.method)
        except ValueError as error:
            self._rule_failed("to answer", error)
            return
        self._ending = ends.RULE
        if decision.close:
            head.keep_alive = False
        self._have_answer(head, body, FROM_RULE)
        self._ask_about_answer()

    def _have_answer(self, head: ResponseHead, body: bytes, source: str) -> None:
        request = self.request
        if request is not None and request.method == b"HEAD":
            body = b""
            head.body_length = 0
        self.answer = head
        self.source = source
        self._body = [body] if body else []
        self._ended = True
        self._held_trailers = []

    def _answer_settled(self, event: int, decision: Decision | None) -> None:
        if isinstance(decision, Close):
            self._cut(ends.RULE)
        elif isinstance(decision, (Respond, Refuse)):
            if not self._replace_answer(decision):
                return
            if event == ERROR:
                self._ask_about_answer()
            else:
                self._pass_on()
        elif isinstance(decision, Retry) and self.source == FROM_UPSTREAM:
            self._retry(decision)
        elif event == ERROR:
            self._ask_about_answer()
        else:
            self._pass_on()

    def _replace_answer(self, decision: Respond | Refuse) -> bool:
        """Take another answer in the place of the one that is there; False if that cannot be."""
        request = self.request
        assert request is not None
        self._give_up_upstream()
        if isinstance(decision, Refuse):
            head, body = error_answer(decision.status, self.request_id)
        else:
            try:
                head, body = own_answer(decision, request.method)
            except ValueError as error:
                self._rule_failed("to answer", error)
                return False
            if decision.close:
                head.keep_alive = False
        self._ending = self._ending or ends.RULE
        self._have_answer(head, body, FROM_RULE)
        return True

    def _retry(self, decision: Retry) -> None:
        member = self.member
        assert member is not None
        pool, exclude = decision.pool, tuple(decision.exclude)
        if not self._may_retry(pool, exclude, decision.unsafe) or not self._turn_to(decision, ()):
            self._pass_on()
            return
        self._give_up_upstream()
        self._leave_member()
        self._tried = (*self._tried, member)
        self._raced = False
        self.answer = None
        self.source = ""
        self._body = []
        self._ended = False
        if self._filters is not None:
            del self._filters[self._filters_before :]  # they were meant for that answer
        self._try_a_server()

    def _turn_to(self, decision: Decision, also: Sequence[str]) -> bool:
        """Whether there is somebody else to be tried as a rule wants (``RuledExchange``)."""
        raise NotImplementedError
