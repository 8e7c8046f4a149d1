"""What all kinds with a key and a table have in common."""

import pytest
from pydantic import ValidationError

from kit.arrivals import Visit, visit
from pointsman.contracts import Arrival, Misfit, Surroundings
from pointsman_persistence.keyed import KeyedPins, PinSettings, needs_http, short
from pointsman_persistence.memory_table import MemoryTable


class ByTarget(KeyedPins):
    """The simplest one: the target of the request is the key."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__(MemoryTable(100, 60.0))
        self.asked = 0

    def key(self, arrival: Arrival) -> bytes:
        self.asked += 1
        return arrival.request.target if arrival.request is not None else b""


def test_the_key_is_worked_out_once_for_an_arrival() -> None:
    pins = ByTarget()
    arrival = visit(target=b"/a")
    assert pins.find(arrival, 0.0) is None
    pins.bind(arrival, "a", 0.0)
    pins.touch(arrival, 50.0)
    assert pins.find(visit(target=b"/a"), 100.0) == "a"
    pins.forget(arrival)
    assert pins.asked == 2
    assert pins.find(visit(target=b"/a"), 100.0) is None
    assert (pins.timeout, len(pins.table)) == (60.0, 0)


def test_touching_makes_no_pin() -> None:
    pins = ByTarget()
    arrival = visit(target=b"/a")
    pins.find(arrival, 0.0)
    pins.touch(arrival, 1.0)
    assert len(pins.table) == 0


def test_without_a_key_nothing_is_pinned() -> None:
    pins = ByTarget()
    arrival = Visit("192.0.2.1", visit().connection, None)
    pins.bind(arrival, "a", 0.0)
    assert pins.find(arrival, 0.0) is None
    pins.bind(arrival, "a", 0.0)
    pins.touch(arrival, 0.0)
    pins.forget(arrival)
    assert len(pins.table) == 0


def test_keys_fit_every_table() -> None:
    assert short(b"x" * 64) == b"x" * 64
    keys = {short(b"x" * length) for length in range(1, 300)}
    assert len(keys) == 299
    assert max(map(len, keys)) == 64
    assert short(b"x" * 8192)[:1] == b"\0"


def test_in_tcp_mode_there_are_no_requests() -> None:
    with pytest.raises(Misfit, match="host looks at requests") as caught:
        needs_http("host", Surroundings("pool", "tcp"))
    assert "source_ip" in caught.value.hint
    needs_http("host", Surroundings("pool", "http"))
    needs_http("host", Surroundings("pool", ""))


@pytest.mark.parametrize(
    "options", [{"timeout": "0s"}, {"timeout": 20}, {"max_age": "0s"}, {"table": 5}]
)
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PinSettings.model_validate(options)
