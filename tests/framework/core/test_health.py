"""Verdicts: the table of DESIGN 5.4, and every sequence against a plain model of it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.health import Health
from pointsman.core.health_report import Outcome
from pointsman.model.service import HealthTiming

GOOD, BAD, SILENT, UNABLE = Outcome.GOOD, Outcome.BAD, Outcome.SILENT, Outcome.UNABLE


def known_up(timing: HealthTiming, start: float = 0.0) -> Health:
    health = Health(timing, start)
    health.judge(GOOD, "200", start)
    return health


def test_a_server_is_up_and_unknown_until_the_first_verdict() -> None:
    health = Health(HealthTiming(), 0.0)
    assert (health.up, health.known, health.reason) == (True, False, "not checked yet")


def test_one_bad_status_is_down_at_once_and_one_good_is_up() -> None:
    health = known_up(HealthTiming())
    assert health.judge(BAD, "403", 9.0) == 18.0
    assert (health.up, health.reason) == (False, "403")
    assert health.judge(GOOD, "200", 18.1) == 27.0
    assert (health.up, health.reason) == (True, "200")


def test_only_silence_is_retried_and_at_once() -> None:
    health = known_up(HealthTiming(interval=15.0, timeout=4.0, retries=2))
    assert health.judge(SILENT, "no answer within 4s", 19.0) == 19.0
    assert health.judge(SILENT, "no answer within 4s", 23.0) == 23.0
    assert health.up
    assert health.judge(SILENT, "no answer within 4s", 27.0) == 30.0
    assert (health.up, health.reason) == (False, "no answer within 4s, 3 times")


def test_an_answer_after_silence_ends_the_cycle() -> None:
    health = known_up(HealthTiming(interval=15.0))
    health.judge(SILENT, "no answer", 19.0)
    assert health.judge(GOOD, "200", 20.0) == 30.0
    assert health.judge(SILENT, "no answer", 34.0) == 34.0  # counted afresh
    assert health.judge(BAD, "500", 35.0) == 45.0
    assert not health.up


def test_silence_without_retries_ends_the_cycle() -> None:
    health = known_up(HealthTiming(retries=0))
    assert health.judge(SILENT, "no answer within 4s", 13.0) == 18.0
    assert (health.up, health.reason) == (False, "no answer within 4s")


def test_the_first_cycle_decides_alone() -> None:
    health = Health(HealthTiming(fall=3, rise=3), 0.0)
    health.judge(BAD, "503", 0.0)
    assert (health.up, health.known) == (False, True)
    health = Health(HealthTiming(fall=3), 0.0)
    health.judge(GOOD, "200", 0.0)
    for _ in range(2):
        health.judge(BAD, "503", 0.0)
        assert health.up
    health.judge(BAD, "503", 0.0)
    assert not health.up


def test_our_own_trouble_changes_nothing() -> None:
    health = Health(HealthTiming(), 0.0)
    assert health.judge(UNABLE, "no descriptors", 0.0) == 9.0
    assert not health.known
    health.judge(BAD, "500", 9.0)
    health.judge(UNABLE, "no descriptors", 18.0)
    assert (health.up, health.reason) == (False, "500")


def test_trouble_between_two_bad_cycles_does_not_begin_the_count_again() -> None:
    health = known_up(HealthTiming(fall=2))
    for outcome in (BAD, UNABLE, BAD):
        assert health.up
        health.judge(outcome, "500", 9.0)
    assert not health.up


def test_a_server_that_is_down_has_an_interval_of_its_own() -> None:
    health = known_up(HealthTiming(interval=9.0, interval_down=2.0))
    assert health.judge(BAD, "500", 9.0) == 11.0
    assert health.judge(BAD, "500", 11.0) == 13.0
    assert health.judge(GOOD, "200", 13.0) == 22.0


def test_the_phase_moves_the_second_cycle_only() -> None:
    health = Health(HealthTiming(interval=10.0), 100.0, phase=0.3)
    assert health.judge(GOOD, "200", 100.5) == 103.0
    assert health.judge(GOOD, "200", 103.5) == 113.0
    assert health.judge(GOOD, "200", 113.5) == 123.0


def test_a_late_cycle_is_made_up_for_at_once_and_the_grid_stays() -> None:
    health = known_up(HealthTiming(interval=9.0))
    assert health.judge(GOOD, "200", 30.0) == 30.0  # due at 9; 18 and 27 are over
    assert health.judge(GOOD, "200", 30.1) == 36.0
    # A cycle that fills its interval wholly is followed by the next one without a gap.
    health = known_up(HealthTiming(interval=12.0, timeout=4.0, retries=2))
    assert [health.judge(SILENT, "-", when) for when in (16.0, 20.0, 24.0)] == [16.0, 20.0, 24.0]


def test_a_check_out_of_turn_leaves_the_grid_alone() -> None:
    health = known_up(HealthTiming(interval=9.0))
    assert health.judge(BAD, "500", 4.0) == 9.0
    assert health.judge(BAD, "500", 9.0) == 18.0


def cycles_of(outcomes: list[Outcome], retries: int) -> list[bool]:
    """What each cycle came to, told in another way than the machine does it."""
    cycles = []
    silent = 0
    for outcome in outcomes:
        silent = silent + 1 if outcome is SILENT else 0
        if outcome in (GOOD, BAD):
            cycles.append(outcome is GOOD)
        elif silent > retries:
            cycles.append(False)
            silent = 0
    return cycles


@given(
    outcomes=st.lists(st.sampled_from(Outcome), max_size=60),
    rise=st.integers(1, 4),
    fall=st.integers(1, 4),
    retries=st.integers(0, 3),
)
def test_it_never_flips_early_and_never_misses(
    outcomes: list[Outcome], rise: int, fall: int, retries: int
) -> None:
    health = Health(HealthTiming(rise=rise, fall=fall, retries=retries), 0.0)
    ups = [health.up]
    for place, outcome in enumerate(outcomes, 1):
        health.judge(outcome, outcome.value, 0.0)
        ups.append(health.up)
        cycles = cycles_of(outcomes[:place], retries)
        assert health.known == bool(cycles)
        needed = rise if cycles and cycles[-1] else fall
        run = cycles[-needed:]
        if len(run) == needed and len(set(run)) == 1:  # never misses
            assert health.up == run[0]
        if ups[-1] != ups[-2] and len(cycles) > 1:  # never early
            assert len(run) == needed
            assert set(run) == {health.up}
    assert ups[0]


@given(
    steps=st.lists(st.tuples(st.sampled_from(Outcome), st.floats(0.0, 30.0)), max_size=40),
    phase=st.floats(0.01, 1.0),
    interval_down=st.sampled_from([0.0, 1.0, 20.0]),
)
def test_the_next_attempt_is_never_in_the_past_nor_further_than_an_interval(
    steps: list[tuple[Outcome, float]], phase: float, interval_down: float
) -> None:
    health = Health(HealthTiming(interval=9.0, interval_down=interval_down), 5.0, phase)
    now = 5.0
    for outcome, took in steps:
        now += took
        due = health.judge(outcome, "-", now)
        assert now <= due <= now + health.interval
        now = due


@given(lates=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=20))
def test_cycles_stay_on_their_grid_however_late_they_are(lates: list[float]) -> None:
    health = Health(HealthTiming(interval=8.0), 0.0, phase=0.25)
    now = 0.0
    dues = []
    for late in lates:
        due = health.judge(GOOD, "-", now + late)
        dues.append(due)
        if due > now + late:  # not one that is made up for
            assert due % 8.0 == 2.0
        now = due
    assert all(earlier <= later for earlier, later in pairwise(dues))
