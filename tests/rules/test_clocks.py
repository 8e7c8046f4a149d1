"""Clocks that are told by others later."""

from pointsman_rules.clocks import Clocks


def test_what_tells_them_can_be_replaced() -> None:
    clocks = Clocks(lambda: 1.0, lambda: 2.0)
    told = clocks.seconds
    clocks.monotonic, clocks.wall = (lambda: 3.0), (lambda: 4.0)
    assert (told(), clocks.epoch()) == (3.0, 4.0)
