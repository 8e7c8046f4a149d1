"""One direction of an in-process connection, turn by turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from kit.logs import noted_log
from pointsman.net.lane import Lane


class Ends:
    """Reader and writer of a lane; each delivery must be a turn of its own."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lane = Lane(self.clock, self, self)
        self.told: list[bytes | str] = []
        self.failed: list[Exception] = []

    def lane_data(self, data: bytes) -> None:
        self.told.append(data)

    def lane_end(self) -> None:
        self.told.append("end")

    def lane_empty(self) -> None:
        self.told.append("empty")

    def lane_failed(self, error: Exception) -> None:
        self.failed.append(error)


def test_nothing_is_delivered_before_resume_nor_within_the_writing_call() -> None:
    ends = Ends()
    ends.lane.push(b"a")
    ends.clock.advance(0)
    assert ends.told == []
    ends.lane.resume()
    assert ends.told == []
    ends.clock.advance(0)
    assert ends.told == [b"a", "empty"]


def test_a_pause_between_scheduling_and_delivery_holds() -> None:
    ends = Ends()
    ends.lane.resume()
    ends.lane.push(b"a")
    ends.lane.pause()
    ends.clock.advance(0)
    assert ends.told == []
    assert ends.lane.size == 1


def test_the_end_comes_last_and_again_for_whoever_resumes_later() -> None:
    ends = Ends()
    ends.lane.resume()
    ends.lane.push(b"a")
    ends.lane.finish()
    ends.lane.push(b"ignored")
    ends.clock.pump([0, 0, 0])
    assert ends.told == [b"a", "empty", "end"]
    assert ends.lane.ended
    ends.lane.resume()
    ends.clock.pump([0, 0, 0])
    assert ends.told[3:] == ["end"]


def test_a_cut_lane_is_silent() -> None:
    ends = Ends()
    ends.lane.resume()
    ends.lane.push(b"a")
    ends.lane.cut()
    ends.lane.push(b"b")
    ends.lane.finish()
    ends.clock.advance(0)
    assert (ends.told, ends.lane.size, ends.clock.getDelayedCalls()) == ([], 0, [])


def test_a_reader_that_raises_is_logged_and_told() -> None:
    class Broken(Ends):
        def lane_data(self, data: bytes) -> None:
            raise ValueError("at fault")

    ends = Broken()
    ends.lane.resume()
    ends.lane.push(b"a")
    with noted_log() as events:
        ends.clock.advance(0)
    assert [str(error) for error in ends.failed] == ["at fault"]
    assert any("log_failure" in event for event in events)


@given(st.lists(st.one_of(st.binary(max_size=100_000), st.sampled_from(["pause", "resume"]))))
def test_bytes_keep_their_order_and_deliveries_their_size(steps: list[bytes | str]) -> None:
    ends = Ends()
    for step in steps:
        if isinstance(step, bytes):
            ends.lane.push(step)
        elif step == "pause":
            ends.lane.pause()
        else:
            ends.lane.resume()
        ends.clock.advance(0)
    ends.lane.resume()
    ends.clock.pump([0] * (len(steps) + 1))
    pushed = [step for step in steps if isinstance(step, bytes)]
    delivered = [told for told in ends.told if isinstance(told, bytes)]
    assert b"".join(delivered) == b"".join(pushed)
    assert ends.lane.size == 0
    assert all(len(data) <= 100_000 for data in delivered)
