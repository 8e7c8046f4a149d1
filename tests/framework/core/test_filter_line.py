"""The line of filters: order, whole bodies, waiting, and bounded memory under any split."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.rulebooks import PlannedFilter
from pointsman.contracts.rules import PASS_LARGE
from pointsman.core.codings import PIECE, CodingError, Decoder
from pointsman.core.filter_line import FilterLine
from pointsman.model.decision import Decision, Forward, Pending, Refuse


class Owner:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.got = b""
        self.said: list[str] = []
        self.line_blocked = False
        self.blocks_after = 0  # bytes; 0 for never
        self.ended = False

    def line_gave(self, data: bytes, last: bool) -> None:
        assert not self.ended
        assert data or last
        self.got += data
        self.ended = last
        if 0 < self.blocks_after <= len(self.got):
            self.line_blocked = True

    def line_decided(self, decision: Decision) -> None:
        self.said.append(f"decided {decision}")

    def line_failed(self, error: Exception) -> None:
        self.said.append(f"failed {error!r}")

    def line_too_large(self) -> None:
        self.said.append("too large")

    def line_broken(self, error: CodingError) -> None:
        self.said.append("broken")

    def line_forwards(self, decision: Forward) -> None:
        self.said.append(f"forwards {decision.pool}")

    def line_settled(self) -> None:
        self.said.append("settled")

    def line_dropped(self, error: Exception) -> None:
        self.said.append(f"dropped {error!r}")


def upper() -> PlannedFilter:
    return PlannedFilter(lambda data, last: data.upper())


def between(start: bytes, end: bytes) -> PlannedFilter:
    begun: list[int] = []

    def plan(data: bytes, last: bool) -> bytes:
        first = b"" if begun else start
        begun.append(1)
        return first + data + (end if last else b"")

    return PlannedFilter(plan)


def parts_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


@given(
    st.binary(max_size=200),
    st.lists(st.integers(0, 200)),
    st.sampled_from([0, 1000]),
    st.booleans(),
    st.booleans(),
)
def test_any_split_gives_the_same(
    data: bytes, cuts: list[int], most: int, coded: bool, end_apart: bool
) -> None:
    owner = Owner()
    whole = PlannedFilter(lambda data, last: data[::-1] if last else data, most=1000)
    filters = [upper(), whole if most else upper(), between(b"<", b">")]
    line = FilterLine(filters, owner, Decoder(True) if coded else None)
    parts = parts_of(gzip.compress(data) if coded else data, cuts)
    for number, part in enumerate(parts):
        line.feed(part, not end_apart and number == len(parts) - 1)
    if end_apart or not parts:
        line.feed(b"", True)
    expected = data.upper()[::-1] if most else data.upper()
    assert owner.got == b"<" + expected + b">"
    assert owner.ended
    assert line.over
    assert owner.said == []


@given(st.lists(st.binary(min_size=1, max_size=5), max_size=6), st.integers(0, 3))
def test_waiting_keeps_the_order(parts: list[bytes], decided_at: int) -> None:
    owner = Owner()
    waiting: list[tuple[Pending, bytes]] = []

    def plan(data: bytes, last: bool) -> Pending:
        waiting.append((Pending(), data))
        return waiting[-1][0]

    line = FilterLine([upper(), PlannedFilter(plan), upper()], owner)

    def decide() -> None:
        if waiting:
            pending, data = waiting.pop(0)
            pending.decide(data)

    for number, part in enumerate(parts):
        line.feed(part, False)
        assert line.busy
        if number >= decided_at:
            decide()
    line.feed(b"", True)
    while waiting:
        decide()
    assert owner.got == b"".join(parts).upper()
    assert owner.ended
    assert not line.busy


def test_a_whole_body_comes_at_once_and_at_its_end() -> None:
    owner, whole = Owner(), PlannedFilter(most=100)
    line = FilterLine([whole], owner)
    assert line.wants_whole
    line.feed(b"ab", False)
    line.feed(b"cd", False)
    assert owner.got == b""
    line.feed(b"", True)
    assert whole.fed == [(b"abcd", True)]


def test_what_is_too_large_is_refused() -> None:
    owner = Owner()
    line = FilterLine([PlannedFilter(most=3)], owner)
    line.feed(b"abcd", False)
    assert owner.said == ["too large"]
    assert line.over
    line.feed(b"more", True)
    assert owner.got == b""


def test_what_is_too_large_passes_unseen_if_it_may() -> None:
    owner, unseen = Owner(), PlannedFilter(most=3, large=PASS_LARGE)
    line = FilterLine([unseen, upper()], owner)
    for part in (b"ab", b"cd", b"ef"):
        line.feed(part, part == b"ef")
    assert owner.got == b"ABCDEF"
    assert unseen.fed == []
    assert not line.wants_whole


def raises(data: bytes, last: bool) -> bytes:
    raise KeyError("oh")


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (raises, "failed KeyError('oh')"),
        (lambda data, last: Refuse(403), "decided Refuse(status=403)"),
        (lambda data, last: None, "failed TypeError"),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_a_filter_may_end_it(
    plan: Callable[[bytes, bool], Decision | bytes | Pending], said: str, waits: bool
) -> None:
    owner, pending = Owner(), Pending()
    line = FilterLine([PlannedFilter(lambda *fed: pending if waits else plan(*fed))], owner)
    line.feed(b"x", False)
    if waits:
        try:
            answer = plan(b"x", False)
        except KeyError:
            return  # who waits does not raise
        assert not isinstance(answer, Pending)
        pending.decide(answer)
    assert line.over
    assert len(owner.said) == 1
    assert owner.said[0].startswith(said)
    line.feed(b"y", True)
    assert owner.got == b""


def test_a_filter_may_say_where_it_goes_and_the_body_goes_on() -> None:
    owner = Owner()
    line = FilterLine([PlannedFilter(lambda *fed: Forward("other"), most=10), upper()], owner)
    line.feed(b"abc", True)
    assert owner.said == ["forwards other"]
    assert owner.got == b"ABC"


def test_whoever_reads_slowly_is_not_given_more() -> None:
    owner = Owner()
    owner.blocks_after = 2 * PIECE
    line = FilterLine([upper()], owner, Decoder(True))
    line.feed(gzip.compress(b"x" * 10 * PIECE), True)
    assert len(owner.got) == 2 * PIECE
    assert line.busy
    owner.blocks_after, owner.line_blocked = 0, False
    line.go_on()
    assert len(owner.got) == 10 * PIECE
    assert owner.ended


def test_a_broken_coding_ends_it() -> None:
    owner = Owner()
    line = FilterLine([upper()], owner, Decoder(True))
    line.feed(b"no gzip", False)
    assert owner.said == ["broken"]
    assert line.over


def test_whoever_waits_is_told_that_nobody_wants_it_any_more() -> None:
    cancelled: list[int] = []
    owner, pending = Owner(), Pending(lambda: cancelled.append(1))
    line = FilterLine([PlannedFilter(lambda *fed: pending)], owner)
    line.feed(b"x", True)
    line.drop()
    pending.decide(b"late")
    assert (cancelled, owner.got, owner.said) == ([1], b"", [])


def test_a_cancel_that_raises_is_only_told() -> None:
    def cancel() -> None:
        raise KeyError("oh")

    owner = Owner()
    line = FilterLine([PlannedFilter(lambda *fed: Pending(cancel))], owner)
    line.feed(b"x", True)
    line.drop()
    assert owner.said == ["dropped KeyError('oh')"]


def test_what_was_busy_is_settled_once_it_goes_on() -> None:
    owner, pending = Owner(), Pending()
    line = FilterLine([PlannedFilter(lambda *fed: pending)], owner)
    line.feed(b"x", False)
    pending.decide(b"y")
    assert (owner.got, owner.said) == (b"y", ["settled"])
