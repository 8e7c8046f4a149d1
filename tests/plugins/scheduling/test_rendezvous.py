"""Tests of rendezvous hashing: shares by weight, and only the lost keys move."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Runner, runners, visit
from pointsman_scheduling import rendezvous
from pointsman_scheduling.rendezvous import address_key
from pointsman_scheduling.source_hash import SourceHash  # the plainest user of Rendezvous

CLIENTS = [visit(f"10.{n >> 8}.{n & 255}.7") for n in range(4000)]
WEIGHTS = st.lists(st.integers(1, 1000), min_size=2, max_size=6)


def owners(candidates: tuple[Runner, ...], clients: int = 400) -> list[str]:
    scheduler = SourceHash()
    return [scheduler.pick(client, candidates).name for client in CLIENTS[:clients]]


def made(weights: list[int]) -> tuple[Runner, ...]:
    return tuple(Runner(f"s{at}", weight) for at, weight in enumerate(weights))


@pytest.mark.parametrize(
    "weights",
    [[1, 1], [1000, 1000, 1000], [1, 2], [1, 2, 3, 4], [1, 9], [500, 1000, 250, 60000], [7] * 10],
)
def test_shares_are_near_the_weights(weights: list[int]) -> None:
    # No chance here: the hash is fixed. 4 standard deviations of a binomial share.
    counted = Counter(owners(made(weights), len(CLIENTS)))
    for at, weight in enumerate(weights):
        share = weight / sum(weights)
        deviation = (len(CLIENTS) * share * (1 - share)) ** 0.5
        assert counted[f"s{at}"] == pytest.approx(len(CLIENTS) * share, abs=4 * deviation + 1)


def test_what_a_lost_server_had_is_spread_over_all_others_by_weight() -> None:
    everybody = made([10, 10, 20, 40])
    before = owners(everybody, len(CLIENTS))
    after = owners(everybody[1:], len(CLIENTS))
    moved = Counter(new for old, new in zip(before, after, strict=True) if old == "s0")
    total = moved.total()
    for name, share in (("s1", 1 / 7), ("s2", 2 / 7), ("s3", 4 / 7)):
        deviation = (total * share * (1 - share)) ** 0.5
        assert moved[name] == pytest.approx(total * share, abs=4 * deviation)


@given(WEIGHTS, st.data())
def test_only_the_keys_of_a_lost_server_move(weights: list[int], data: st.DataObject) -> None:
    everybody = made(weights)
    gone = data.draw(st.sampled_from(everybody))
    left = tuple(one for one in everybody if one is not gone)
    for old, new in zip(owners(everybody), owners(left), strict=True):
        assert new == old or old == gone.name


@given(WEIGHTS, st.data())
def test_a_weight_moves_keys_only_to_its_server_or_away_from_it(
    weights: list[int], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(weights) - 1))
    changed = list(weights)
    changed[at] = data.draw(st.integers(1, 1000))
    for old, new in zip(owners(made(weights)), owners(made(changed)), strict=True):
        if old != new:
            assert (new if changed[at] > weights[at] else old) == f"s{at}"


@given(WEIGHTS, st.data())
def test_the_order_of_the_configuration_does_not_matter(
    weights: list[int], data: st.DataObject
) -> None:
    everybody = made(weights)
    other_order = tuple(data.draw(st.permutations(everybody)))
    assert owners(everybody, 100) == owners(other_order, 100)


def test_every_process_says_the_same() -> None:
    # Written down once: a change of these moves every client of every installation.
    expected = ["b", "c", "a", "c", "c", "a", "c", "c"]
    assert owners(runners(a=1, b=1, c=1), 8) == expected


def test_what_is_kept_is_what_is_worked_out() -> None:
    scheduler = SourceHash()
    everybody = runners(a=3, b=2, c=1)
    without_a = everybody[1:]
    plain = owners(everybody)
    for _ in range(3):
        for client, owner in zip(CLIENTS[:400], plain, strict=True):
            assert scheduler.pick(client, everybody).name == owner
            if owner == "a":  # a retry passes a tuple of its own
                assert scheduler.pick(client, tuple(without_a)).name in "bc"
    changed = runners(a=1, b=2, c=300)
    for _ in range(3):
        assert [scheduler.pick(c, changed).name for c in CLIENTS[:400]] == owners(changed)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "_KEPT_KEYS", 10)
    scheduler = SourceHash()
    everybody = runners(a=1, b=1)
    picked = [scheduler.pick(client, everybody).name for client in CLIENTS[:400]]
    assert picked == owners(everybody)
    assert 0 < len(scheduler._kept) <= 10
    kept = len(scheduler._kept)
    assert scheduler.pick(visit("x" * 1000), everybody) in everybody
    assert len(scheduler._kept) == kept


def test_keep_lets_go_of_candidates_and_moves_nothing() -> None:
    scheduler = SourceHash()
    everybody = runners(a=1, b=1, c=1)
    before = [scheduler.pick(client, everybody).name for client in CLIENTS[:50]]
    scheduler.keep(["a", "b"])
    assert set(scheduler._seeds) == {"a", "b"}
    assert len(scheduler._kept) == len(scheduler._candidates) == 0
    assert [scheduler.pick(client, everybody).name for client in CLIENTS[:50]] == before


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("192.0.2.1", b"192.0.2.1"),
        ("::ffff:192.0.2.1", b"192.0.2.1"),
        ("2001:db8::1", b"2001:db8::1"),
        ("::ffff:0:1", b"::ffff:0:1"),
        ("", b""),
    ],
)
def test_keys_of_addresses(text: str, key: bytes) -> None:
    assert address_key(text) == key
