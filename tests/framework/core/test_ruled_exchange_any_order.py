"""An exchange with rules under any order of events, rules that wait or misbehave among them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from kit.any_order import METHODS, AnyOrder
from kit.recorders import Stage
from kit.rulebooks import PlannedFilter, PlannedRules
from kit.ruled_stage import RuledStage
from pointsman.contracts.rules import PASS_LARGE, REFUSE_LARGE
from pointsman.model.decision import (
    Close,
    Decision,
    Forward,
    More,
    Pending,
    Refuse,
    Respond,
    Retry,
)
from pointsman.model.message import CHUNKED

EVENTS = ["request", "select", "selected", "connect_failed", "upstream_request",
          "response", "error"]  # fmt: skip
DECISIONS: list[Decision | None] = [
    *[None] * 12,
    Respond(200, b"by a rule"),
    Respond(204),
    Respond(1000),
    Respond(403, b"no", close=True),
    Refuse(429),
    Forward("other"),
    Forward("", "b"),
    Forward("other", "z", required=True),
    Forward("nowhere"),
    Retry(),
    Retry("other"),
    Retry(exclude=["b"], unsafe=True),
    Close(),
    More(),
]


SAYS = st.lists(
    st.one_of(
        st.sampled_from(DECISIONS), st.sampled_from(["waits", "waits", None, None, "raises"])
    ),
    max_size=2,
)
KINDS = ["upper", "whole", "small", "passing", "swallows", "waits", "waits at the end", "raises",
         "responds", "closes", "forwards"]  # fmt: skip
FILTERS = st.lists(st.sampled_from(KINDS), min_size=1, max_size=2)


class RuledAnyOrder(AnyOrder):
    """The events of any exchange, and rulebooks that say what comes to their mind."""

    @initialize(
        says=st.dictionaries(st.sampled_from(EVENTS), SAYS),
        hands_over=st.dictionaries(st.sampled_from(["request", "response"]), FILTERS),
        method=st.sampled_from(METHODS),
        length=st.sampled_from([0, 0, 7, CHUNKED]),
        minor=st.integers(0, 1),
        limit=st.sampled_from([0, 0, 20]),
        servers=st.integers(1, 4),
        at_once=st.lists(st.sampled_from(["", "idle", "fresh", "refused"]), max_size=3),
    )
    def begin_with_rules(
        self,
        says: dict[str, list[object]],
        hands_over: dict[str, list[str]],
        method: bytes,
        length: int,
        minor: int,
        limit: int,
        servers: int,
        at_once: list[str],
    ) -> None:
        self.says = {event: [*said] for event, said in says.items()}
        self.hands_over = {**hands_over}
        super().begin(method, length, b"", minor, limit, servers, at_once, b"")

    def begin(self, *beginning: Any) -> None:
        """Not by itself."""

    def make_stage(self, servers: int, limit: int) -> Stage:
        self.waiting: list[Pending] = []
        self.cancelled = 0
        self.with_filters = False
        plans = {event: self.plan_for(event) for event in EVENTS}
        plans["log"] = lambda exchange: exchange.log_fields.update(seen="yes")
        books = [PlannedRules(**plans), PlannedRules(response=None, request=None)]
        self.book = books[0]
        self.ruled = RuledStage(*books, servers=servers, body_limit=limit)
        return self.ruled

    def plan_for(self, event: str) -> Any:
        def plan(exchange: Any, *more: Any) -> object:
            for kind in self.hands_over.pop(event, []):
                self.with_filters = True
                if event == "request":
                    exchange.filter_request(self.filter_of(kind))
                else:
                    exchange.filter_response(self.filter_of(kind))
            says = self.says.get(event)
            if not says:
                return None
            what = says.pop(0)
            if what == "raises":
                raise KeyError(event)
            if what == "waits":
                if event == "select":
                    return None
                return self.wait()
            if event == "select" and not isinstance(what, Respond | Refuse):
                return "b"
            return what

        return plan

    def wait(self) -> Pending:
        pending = Pending(self.cancel)
        self.waiting.append(pending)
        return pending

    def cancel(self) -> None:
        self.cancelled += 1

    def filter_of(self, kind: str) -> PlannedFilter:
        def plan(data: bytes, last: bool) -> bytes | Decision | Pending:
            if kind == "waits" or (kind == "waits at the end" and last):
                return self.wait()
            if kind == "raises":
                raise KeyError("filter")
            if kind == "responds":
                return Respond(418, b"teapot")
            if kind == "closes":
                return Close()
            if kind == "swallows":
                return b"all" if last else b""
            if kind == "forwards":
                return Forward("other")
            return data.upper()

        most = {"whole": 100_000, "small": 3, "passing": 3, "forwards": 100_000}.get(kind, 0)
        large = PASS_LARGE if kind == "passing" else REFUSE_LARGE
        return PlannedFilter(plan, most=most, large=large)

    @precondition(lambda self: self.stage.members)
    @rule(which=st.integers(0, 5))
    def a_server_is_taken_out(self, which: int) -> None:
        member = self.stage.members[which % len(self.stage.members)]
        if not self.is_tunnel():
            self.exchange.server_dropped(member)

    # ---- rules ----

    @rule(event=st.sampled_from(EVENTS), says=SAYS)
    def a_rule_will_say(self, event: str, says: list[object]) -> None:
        self.says[event] = says

    @rule(event=st.sampled_from(["request", "response"]), kinds=FILTERS)
    def a_rule_will_hand_over_filters(self, event: str, kinds: list[str]) -> None:
        self.hands_over[event] = kinds

    @precondition(lambda self: self.waiting)
    @rule(
        which=st.integers(0, 3),
        decision=st.one_of(
            st.sampled_from(DECISIONS), st.just(b"from a filter"), st.just(b"from a filter")
        ),
    )
    def somebody_decides(self, which: int, decision: Decision | bytes | None) -> None:
        pending = self.waiting.pop(which % len(self.waiting))
        pending.decide(decision)

    # ---- what holds at any time ----

    def check_busy(self, busy: int, over: bool) -> None:
        assert busy <= (0 if over else 1)

    def check_connections(self, connections: int, none: bool) -> None:
        assert connections <= (0 if none else 1)

    @invariant()
    def a_client_is_held_only_while_a_server_does_not_take_its_bytes(self) -> None:
        if self.stage.client.held and self.live is not None and not self.with_filters:
            assert self.server_blocked is self.live or self.exchange.answer is not None  # type: ignore[attr-defined]

    @invariant()
    def nothing_is_done_twice(self) -> None:
        """Rules may want it so (``Retry.unsafe``): see test_ruled_exchange.py."""

    @invariant()
    def nobody_is_left_waiting_for_nothing(self) -> None:
        if self.exchange.over or self.is_tunnel():
            return
        asks = any(not pending._decided for pending in self.waiting)
        upstreams = self.stage.upstreams
        ends = [each.end for each in upstreams.made] + [each.end for each in upstreams.openings]
        connections = "" in ends
        waits_for_body = not self.sent_all
        assert asks or connections or waits_for_body or self.client_blocked

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "stage"):
            for pending in self.waiting:
                assert pending._decided, "left waiting after the end"
            if self.exchange.request is not None:
                assert (self.stage.record.fields or {}) == {"seen": "yes"}


RuledAnyOrder.TestCase.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
TestRuledAnyOrder = RuledAnyOrder.TestCase


# ---- longer plays than hypothesis finds by itself: it prefers to leave most rules out ----


class Play:
    """One exchange of the machine above, led by chance, with what ends it being rare."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = Random(seed)
        self.machine = machine = RuledAnyOrder()
        length = chance.choice([0, 7, CHUNKED, CHUNKED])
        said = {event: self.some(SAID, 2) for event in chance.sample(EVENTS, 3)}
        filters = {event: self.some(KINDS, 2, least=1) for event in ("request", "response")}
        machine.begin_with_rules(
            says=said,
            hands_over={key: kinds for key, kinds in filters.items() if chance.random() < 0.5},
            method=chance.choice([b"GET", b"HEAD", b"PUT", b"POST"]),
            length=length,
            minor=chance.choice([0, 1, 1]),
            limit=chance.choice([0, 0, 60_000]),
            servers=chance.choice([1, 2, 3]),
            at_once=[],
        )

    def some(self, choices: list[Any], most: int, least: int = 0) -> list[Any]:
        return [self.chance.choice(choices) for _ in range(self.chance.randint(least, most))]

    def step(self) -> None:
        machine, chance = self.machine, self.chance
        exchange, live = machine.exchange, machine.live
        steps: list[tuple[int, Callable[[], Any]]] = [
            (1, lambda: machine.client_goes_or_we_stop(stops=chance.random() < 0.5)),
            (1, lambda: machine.a_server_is_taken_out(which=chance.randrange(6))),
            (4, lambda: machine.a_rule_will_say(chance.choice(EVENTS), self.some(SAID, 2))),
        ]
        if not machine.client_blocked:
            steps.append((4, machine.client_blocks))
        else:
            stalls = chance.random() < 0.1
            steps.append((12, lambda: machine.client_drains_or_stalls(stalls=stalls)))
        if not machine.sent_all:
            if not machine.stage.client.held:
                data = chance.choice([b"x", b"some more", b"x" * 40_000])
                steps.append((20, lambda: machine.client_sends(data=data)))
            steps.append((10, lambda: machine.client_ends(trailers=[])))
        if machine.waiting:
            what = chance.choice([*SAID, b"from a filter", b"", b"more from a filter"])
            if isinstance(what, str):
                what = None
            steps.append((25, lambda: machine.somebody_decides(which=0, decision=what)))
        openings = machine.stage.upstreams.openings
        if openings and not openings[-1].end:
            how = chance.choice(["idle", "fresh", "fresh", "fresh", "refused"])
            steps.append((30, lambda: machine.opening_ends(how=how)))
        if live is not None:
            steps.append((2, lambda: machine.server_fails(phase="response", retryable=True)))
            steps.append((6, machine.server_blocks_or_drains))
            if not machine.begun:
                ended = chance.random() < 0.3
                answer = machine.server_answers
                steps.append((30, lambda: answer(data=b"part", ended=ended, keep=True)))
            elif not live.held:
                ends = chance.random() < 0.3
                steps.append((40, lambda: machine.server_goes_on(ends=ends)))
        (_, chosen), = chance.choices(steps, [weight for weight, _ in steps])  # fmt: skip
        chosen()
        machine.counters_tell_the_truth()
        machine.nobody_is_left_waiting_for_nothing()
        assert exchange is machine.exchange


SAID: list[Any] = [*[None] * 10, *DECISIONS, *["waits"] * 8, "raises"]


@pytest.mark.parametrize("part", range(4))
def test_long_plays(part: int) -> None:
    for seed in range(part * 400, (part + 1) * 400):
        play = Play(seed)
        try:
            for _ in range(40):
                if play.machine.exchange.over or play.machine.is_tunnel():
                    break
                play.step()
            play.machine.teardown()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
