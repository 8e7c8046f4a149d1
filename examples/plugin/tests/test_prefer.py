"""The scheduler holds what every scheduler has to hold, and does what it is for."""

from pointsman_example.prefer import Prefer

from kit.arrivals import runners, visit
from kit.scheduler_contract import SchedulerContract
from pointsman.contracts import Scheduler


class TestPrefer(SchedulerContract):
    """Every test of the contract, with our scheduler."""

    def make(self) -> Scheduler:
        """A scheduler that has seen nothing yet."""
        return Prefer("s0")


def test_the_others_are_picked_only_when_no_preferred_one_is_there() -> None:
    """What it is for."""
    east, west = runners(east=1, west=1)
    scheduler = Prefer("east")
    east.active = 100
    assert scheduler.pick(visit(), (west, east)) is east
    assert scheduler.pick(visit(), (west,)) is west
