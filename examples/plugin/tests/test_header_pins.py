"""The persistence, with a table of its own and a clock that is a number."""

from pointsman_example.header_pins import HeaderPins

from kit.arrivals import visit
from pointsman.contracts import Pin


class DictTable:
    """A table that never forgets by itself."""

    def __init__(self) -> None:
        self.pins: dict[bytes, Pin] = {}

    def find(self, key: bytes, now: float) -> Pin | None:
        """The pin of that key."""
        return self.pins.get(key)

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key."""
        self.pins[key] = Pin(member, now, now)

    def drop(self, key: bytes) -> None:
        """Forget a key."""
        self.pins.pop(key, None)

    def expire(self, now: float) -> int:
        """Nothing is ever over."""
        return 0

    def __len__(self) -> int:
        return len(self.pins)

    def close(self) -> None:
        """There is nothing to close."""


def test_a_value_belongs_to_its_server_until_it_is_forgotten() -> None:
    """One value, another value, and none."""
    pins = HeaderPins(b"X-Tenant", DictTable(), 60.0)
    one, other = (visit(headers=[(b"X-Tenant", value)]) for value in (b"one", b"other"))
    pins.bind(one, "a", 0.0)
    pins.bind(visit(), "b", 0.0)
    assert [pins.find(arrival, 1.0) for arrival in (one, other, visit())] == ["a", None, None]
    pins.forget(one)
    assert pins.find(one, 2.0) is None
