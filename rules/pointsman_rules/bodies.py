"""Bodies for rules: filters that give a body, whole or in parts, to the functions that want it."""

from __future__ import annotations

from pointsman.contracts.rules import (
    DECODE,
    PASS_LARGE,
    REFUSE_LARGE,
    SKIP,
    BodyFilter,
    RuledExchange,
)
from pointsman.model.decision import Decision, Pending
from pointsman_rules.generation import Generation
from pointsman_rules.runs import Runs


class RuleFilter(BodyFilter):
    """Gives the body of one message to rules.

    Args:
        runs: asks them.
        generation, number: which rules, about which exchange.
        seen: the exchange.
        event: "request_body" and the like.
    """

    def __init__(
        self, runs: Runs, generation: Generation, number: int, seen: RuledExchange, event: str
    ) -> None:
        limits = runs.limits
        self._runs = runs
        self._generation = generation
        self._number = number
        self._seen = seen
        self._event = event
        self._whole = event.endswith("_body")
        self.most = limits.body if self._whole else 0
        self.large = PASS_LARGE if limits.large_body == "pass" else REFUSE_LARGE
        self.coding = DECODE if limits.coded_body == "decode" else SKIP

    def feed(self, data: bytes, last: bool) -> bytes | Decision | Pending:
        """More of the body, or all of it."""
        text = data.decode("latin-1")
        given = (text,) if self._whole else (text, last)
        said = self._runs.ask(self._generation, self._event, self._number, self._seen, *given)
        if said is None:
            return data
        if isinstance(said, Pending):
            return _or_as_it_was(said, data)
        changed: bytes | Decision = said
        return changed


def _or_as_it_was(waits: Pending, data: bytes) -> Pending:
    """A body about which nothing was said after all goes on as it came."""

    def dropped() -> None:
        problem = waits.drop()
        if problem is not None:
            raise problem

    outer = Pending(dropped)
    waits.wait(lambda said: outer.decide(data if said is None else said))
    return outer


def attach(runs: Runs, generation: Generation, number: int, seen: RuledExchange, side: str) -> None:
    """Lead the body of a message through the functions that want it, unless a rule declined."""
    for event in (f"{side}_chunk", f"{side}_body"):
        if event not in generation.wanted or generation.runtime.declined(number, event):
            continue
        one = RuleFilter(runs, generation, number, seen, event)
        if side == "request":
            if seen.request is not None and seen.request.body_length != 0:
                seen.filter_request(one)
        else:
            seen.filter_response(one)
