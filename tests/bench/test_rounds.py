"""Who runs when."""

from bench.cases import CASES
from bench.rivals import RIVALS
from bench.rounds import in_turn, takes_part


def test_each_round_begins_with_another() -> None:
    assert [in_turn("abc", number) for number in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
    assert in_turn("", 1) == []


def test_only_those_that_are_named_take_part() -> None:
    assert takes_part(RIVALS["twisted.web.proxy"], CASES["l7-keepalive"])
    assert not takes_part(RIVALS["twisted.web.proxy"], CASES["l7-1MiB"])
    assert not takes_part(RIVALS["nginx"], CASES["l4-chatty"])
