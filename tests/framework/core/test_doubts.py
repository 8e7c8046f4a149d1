"""Persistences that pin nobody are found out."""

import pytest

from kit.arrivals import visit
from kit.pins import Pins
from kit.recorders import FirstOf
from pointsman.contracts import Arrival
from pointsman.core.doubts import ENOUGH, ENOUGH_NEW, doubt
from pointsman.core.members import Member
from pointsman.core.pinning import Kind, Pinning
from pointsman.core.pool import Pool
from pointsman.model.server import RealServer


class Never(Pins):
    """Has nothing to go by, or forgets at once."""

    def __init__(self, *, binds: bool, own: str = "") -> None:
        super().__init__()
        self.binds = binds
        self.own = own

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        return self.binds

    def doubt(self) -> str:
        return self.own


def pool(*kinds: Pins) -> Pool:
    pinning = Pinning([Kind(f"kind{number}", kind) for number, kind in enumerate(kinds)])
    members = [Member(RealServer("a"))]
    return Pool("pool", members, FirstOf(), pinning.persistence, pinning=pinning)


def come(to: Pool, count: int) -> None:
    for _ in range(count):
        to.choose(visit(), 0.0)


def test_who_pins_is_not_doubted() -> None:
    fine = pool(Pins())
    come(fine, 2 * ENOUGH_NEW)
    assert doubt(fine) == ""
    assert fine.unmet == 0
    assert doubt(Pool("none", [Member(RealServer("a"))], FirstOf())) == ""


@pytest.mark.parametrize(
    ("binds", "enough", "words"),
    [(False, ENOUGH, "nothing to go by"), (True, ENOUGH_NEW, "do not come back")],
)
def test_who_never_pins_is_doubted_after_a_while(binds: bool, enough: int, words: str) -> None:
    idle = pool(Never(binds=binds))
    come(idle, enough - 1)
    assert doubt(idle) == ""
    come(idle, 1)
    assert words in doubt(idle)
    assert doubt(idle).startswith("kind0: the last ")


def test_one_pin_is_enough() -> None:
    pins = Never(binds=False)
    idle = pool(pins)
    come(idle, ENOUGH)
    pins.pins["192.0.2.1"] = "a"
    come(idle, 1)
    pins.pins.clear()
    come(idle, ENOUGH - 1)
    assert doubt(idle) == ""


def test_a_kind_knows_best_what_is_wrong() -> None:
    assert doubt(pool(Pins(), Never(binds=True, own="it rains"))) == "kind1: it rains"
