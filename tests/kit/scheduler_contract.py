"""What every scheduler has to hold, ours or a third party's: derive a test class and say `make`.

class TestMine(SchedulerContract):
    def make(self) -> Scheduler:
        return Mine()
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.arrivals import Runner, Visit, connection, visit
from pointsman.contracts import Candidate, Scheduler

WEIGHTS = st.integers(1, 65535)
VISITS = st.builds(
    visit,
    client_ip=st.sampled_from(["192.0.2.1", "192.0.2.77", "2001:db8::1", "::ffff:192.0.2.1", ""]),
    target=st.sampled_from([b"/", b"/a?b=c", b"http://host/x?", b"*", b"/" + b"long" * 100]),
    headers=st.lists(
        st.tuples(st.just(b"X-Key"), st.sampled_from([b"", b"1", b"two"])), max_size=2
    ),
)
ARRIVALS = VISITS | st.builds(connection)

# One class is run for many schedulers; hypothesis would call that an accident.
for_all = settings(max_examples=40, suppress_health_check=[HealthCheck.differing_executors])


class SchedulerContract:
    """The tests; `make` makes a new scheduler, as its maker would."""

    @abstractmethod
    def make(self) -> Scheduler:
        """A scheduler that has seen nothing yet."""

    @for_all
    @given(ARRIVALS, st.lists(WEIGHTS, min_size=1, max_size=12), st.data())
    def test_picks_one_of_the_candidates(
        self, arrival: Visit, weights: list[int], data: st.DataObject
    ) -> None:
        scheduler = self.make()
        candidates = tuple(
            Runner(f"s{place}", weight, active=data.draw(st.integers(0, 9)))
            for place, weight in enumerate(weights)
        )
        for _ in range(3):
            assert is_one_of(scheduler.pick(arrival, candidates), candidates)

    @for_all
    @given(ARRIVALS)
    def test_a_single_candidate_is_picked(self, arrival: Visit) -> None:
        scheduler = self.make()
        for only in (Runner("a", 7), Runner("b", 1, active=99), Runner("a", 7)):
            assert scheduler.pick(arrival, (only,)) is only
            assert scheduler.pick(arrival, (only,)) is only

    @for_all
    @given(st.lists(WEIGHTS, min_size=2, max_size=6))
    def test_a_retry_never_picks_who_failed(self, weights: list[int]) -> None:
        scheduler = self.make()
        everybody = tuple(Runner(f"s{place}", weight) for place, weight in enumerate(weights))
        arrival = visit()
        for _ in range(4):
            left = everybody
            while left:
                chosen = scheduler.pick(arrival, left)
                assert is_one_of(chosen, left)
                left = tuple(runner for runner in left if runner is not chosen)

    def test_new_objects_of_the_same_names_take_the_place_of_the_old(self) -> None:
        scheduler = self.make()
        arrival = visit()
        for _ in range(20):  # a reload makes new candidates and may drop the old ones
            reloaded = (Runner("a"), Runner("b"))
            assert is_one_of(scheduler.pick(arrival, reloaded), reloaded)
            assert is_one_of(scheduler.pick(arrival, reloaded), reloaded)

    def test_keep_before_the_first_pick_and_with_unknown_names(self) -> None:
        scheduler = self.make()
        scheduler.keep([])
        scheduler.keep(["a", "nobody"])
        candidates = (Runner("a"), Runner("b"))
        assert is_one_of(scheduler.pick(visit(), candidates), candidates)
        scheduler.keep([])
        assert is_one_of(scheduler.pick(visit(), candidates), candidates)

    def test_a_first_byte_may_come_from_a_member_that_is_gone(self) -> None:
        scheduler = self.make()
        gone = Runner("gone")
        scheduler.pick(visit(), (gone, Runner("a")))
        scheduler.keep(["a"])
        scheduler.first_byte(gone, 0.1)
        candidates = (Runner("a"), Runner("b"))
        assert is_one_of(scheduler.pick(visit(), candidates), candidates)

    def test_says_the_same_about_first_bytes_every_time(self) -> None:
        scheduler = self.make()
        assert scheduler.wants_first_byte in (True, False)
        assert scheduler.wants_first_byte == self.make().wants_first_byte

    @for_all
    @given(st.data())
    def test_lives_through_anything(self, data: st.DataObject) -> None:
        """Work begins and ends, members come, go, change their weights; retries; reloads."""
        scheduler = self.make()
        members = [Runner(f"s{place}") for place in range(5)]
        up = set(members)
        busy: list[Runner] = []
        available = tuple(members)

        def pick(candidates: tuple[Runner, ...]) -> None:
            before = [(one.name, one.weight, one.active, one.tunnels) for one in candidates]
            chosen = scheduler.pick(data.draw(ARRIVALS), candidates)
            after = [(one.name, one.weight, one.active, one.tunnels) for one in candidates]
            assert is_one_of(chosen, candidates)
            assert before == after, "a scheduler looks, it does not touch"
            runner = next(one for one in candidates if one is chosen)
            runner.active += 1
            busy.append(runner)

        def retry() -> None:
            failed = data.draw(st.sampled_from(available))
            pick(tuple(one for one in available if one is not failed) or available)

        def end() -> None:
            if busy:
                runner = busy.pop(data.draw(st.integers(0, len(busy) - 1)))
                scheduler.first_byte(runner, data.draw(st.floats(0.0, 10.0)))
                runner.active -= 1

        def flip() -> None:
            up.symmetric_difference_update({data.draw(st.sampled_from(members))})

        def reweigh() -> None:
            data.draw(st.sampled_from(members)).weight = data.draw(WEIGHTS)

        def reload() -> None:
            scheduler.keep([one.name for one in members if data.draw(st.booleans())])

        steps: list[Callable[[], None]] = [
            lambda: pick(available), lambda: pick(available), retry, end, flip, reweigh, reload
        ]  # fmt: skip
        for step in data.draw(st.lists(st.sampled_from(steps), max_size=30)):
            step()
            if step in (flip, reweigh):
                available = tuple(one for one in members if one in up) or tuple(members)


def is_one_of(chosen: Candidate, candidates: tuple[Runner, ...]) -> bool:
    """Whether it is one of these very objects."""
    return any(chosen is candidate for candidate in candidates)
