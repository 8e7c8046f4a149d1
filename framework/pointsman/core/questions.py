"""Asking rulebooks, one after the other, until one decides; waiting for those that have to wait."""

from __future__ import annotations

from typing import Final

from pointsman.contracts.rules import Ruled
from pointsman.core.ruled_facts import RuledFacts
from pointsman.model import record as ends
from pointsman.model.decision import Answer, Decision, Forward, Pending, Refuse, Respond, Retry

# The questions there are, for an exchange asks one at a time.
REQUEST: Final = 1
SELECTED: Final = 2
CONNECT_FAILED: Final = 3
UPSTREAM_REQUEST: Final = 4
RESPONSE: Final = 5
ERROR: Final = 6

_NAMES: Final = (
    "",
    "request",
    "selected",
    "connect_failed",
    "upstream_request",
    "response",
    "error",
)


class Questions(RuledFacts):
    """The part of an exchange with rules that asks them."""

    __slots__ = ()

    def _ask(self, event: int, chain: tuple[Ruled, ...]) -> None:
        """Lead to ``_settled`` with the first decision, or None if nobody has one."""
        self._event = event
        self._chain = chain
        self._asks_at = 0
        self._ask_on()

    def _ask_on(self) -> None:
        event, chain = self._event, self._chain
        while self._asks_at < len(chain):
            ask = chain[self._asks_at]
            self._asks_at += 1
            try:
                answer: Answer = ask(self)
            except Exception as error:
                self._event = 0
                self._rule_failed(f"to rule at {_NAMES[event]}", error)
                return
            if self.over or self._event != event:
                if isinstance(answer, Pending):
                    self._drop(answer)
                return
            if answer is None:
                continue
            if self.tracer is not None:
                self.tracer(f"at {_NAMES[event]} a rule says {_in_words(answer)}")
            if isinstance(answer, Forward) and answer.more and event == REQUEST:
                self._so_far = answer
                continue
            if isinstance(answer, Pending):
                self._pending = answer
                answer.wait(self._decided)
                return
            self._take(event, answer)
            return
        so_far, self._so_far = self._so_far, None
        self._take(event, so_far)

    def _decided(self, decision: Decision | bytes | None) -> None:
        """The rulebook that had to wait has decided."""
        if self._pending is None:
            return
        self._pending = None
        if decision is None:
            self._ask_on()
        elif isinstance(decision, Forward) and decision.more and self._event == REQUEST:
            self._so_far = decision
            self._ask_on()
        elif isinstance(decision, bytes):
            event, self._event = self._event, 0
            wrong = TypeError("bytes are no decision; only a body filter gives them back")
            self._rule_failed(f"to rule at {_NAMES[event]}", wrong)
        else:
            self._take(self._event, decision)

    def _take(self, event: int, decision: Decision | None) -> None:
        self._event = 0
        pool = decision.pool if isinstance(decision, (Forward, Retry)) else ""
        if pool and pool not in self._rules.pools:
            wrong = ValueError(f"there is no pool {pool!r}")
            self._rule_failed(f"to rule at {_NAMES[event]}", wrong)
            return
        self._settled(event, decision)

    def _rule_failed(self, asked: str, error: Exception) -> None:
        """A rulebook has raised, or decided what cannot be: that costs this exchange."""
        self._supplies.report(asked, error)
        if self.response is None:
            self._fail(500, ends.PLUGIN_ERROR)
        else:
            self._cut(ends.PLUGIN_ERROR)

    def _drop_question(self) -> None:
        self._event = 0
        pending, self._pending = self._pending, None
        if pending is not None:
            self._drop(pending)

    def _drop(self, pending: Pending) -> None:
        error = pending.drop()
        if error is not None:
            self._supplies.report("to wait no more", error)

    def _drop_all(self) -> None:
        """Nobody waits for rules any more, nor for their filters."""
        self._drop_question()
        line, self._line = self._line, None
        if line is not None:
            line.drop()
        line, self._request_line = self._request_line, None
        if line is not None:
            line.drop()

    def _finish(self, termination: str) -> None:
        if self.over:
            return
        self._drop_all()
        if self._whole_read:
            self._request_ended = True
        self.termination = termination
        if self.request is not None:
            for told in self._rules.log:
                try:
                    told(self)
                except Exception as error:
                    self._supplies.report("to log", error)
        super()._finish(termination)

    def _settled(self, event: int, decision: Decision | None) -> None:
        """What was asked is answered (``RuledExchange._settled``)."""
        raise NotImplementedError


def _in_words(answer: Answer) -> str:
    """What was said, without bodies and headers."""
    if isinstance(answer, Forward):
        pool = f"pool {answer.pool}" if answer.pool else ""
        server = f"server {answer.server}" if answer.server else ""
        return f"forward to {' '.join(part for part in (pool, server) if part)}"
    if isinstance(answer, (Respond, Refuse)):
        return f"{type(answer).__name__.lower()} {answer.status}"
    return type(answer).__name__.lower()
