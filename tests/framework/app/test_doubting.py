"""Doubts are told once, by the clock."""

from kit.logs import noted_log
from kit.pins import Pins
from kit.recorders import FirstOf
from pointsman.app.doubting import Doubting
from pointsman.core.members import Member
from pointsman.core.pinning import Kind, Pinning
from pointsman.core.pool import Pool
from pointsman.model.server import RealServer


class Doubtful(Pins):
    def doubt(self) -> str:
        return "it rains"


def pool(kind: Pins) -> Pool:
    pinning = Pinning([Kind("kind", kind)])
    members = [Member(RealServer("a"))]
    return Pool("pool", members, FirstOf(), pinning.persistence, pinning=pinning)


def test_each_is_told_once_and_only_now_and_then_is_looked() -> None:
    pools = [pool(Doubtful())]
    doubting = Doubting(lambda: pools)
    with noted_log() as events:
        doubting.tick(1000.0)
        doubting.tick(1059.0)
        assert not events
        for now in range(1060, 2000):
            doubting.tick(float(now))
    (event,) = events
    assert (event["pool"], event["doubt"]) == ("pool", "kind: it rains")
    assert doubting.told == {"pool": "kind: it rains"}


def test_another_persistence_is_another_matter() -> None:
    pools = [pool(Doubtful())]
    doubting = Doubting(lambda: pools)
    with noted_log() as events:
        for now in (0.0, 60.0):
            doubting.tick(now)
        pools[0] = pool(Pins())
        doubting.tick(120.0)
        pools[0] = pool(Doubtful())
        for now in (180.0, 240.0):
            doubting.tick(now)
    assert len(events) == 2
