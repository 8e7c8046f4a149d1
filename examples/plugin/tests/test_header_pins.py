"""The persistence, with a table of its own and a clock that is a number."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pointsman_example.header_pins import HeaderPins

from kit.arrivals import visit
from pointsman.contracts import Pin, Table


class DictTable(Table):
    """A table that never forgets by itself."""

    timeout = float("inf")

    def __init__(self) -> None:
        self.pins: dict[bytes, Pin] = {}

    def find(self, key: bytes, now: float) -> Pin | None:
        """The pin of that key."""
        return self.pins.get(key)

    def peek(self, key: bytes, now: float) -> Pin | None:
        """The same: a use is not noted."""
        return self.find(key, now)

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

    def restore(self, key: bytes, pin: Pin) -> None:
        """Take a pin as it is."""
        self.pins[key] = pin

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        """Everything in one slice."""
        yield [*self.pins.items()]

    def counts(self) -> Mapping[str, int]:
        """Pins by member."""
        return Counter(pin.member for pin in self.pins.values())


def test_a_value_belongs_to_its_server_until_it_is_forgotten() -> None:
    """One value, another value, and none."""
    pins = HeaderPins(b"X-Tenant", DictTable(), 60.0)
    one, other = (visit(headers=[(b"X-Tenant", value)]) for value in (b"one", b"other"))
    pins.bind(one, "a", 0.0)
    pins.bind(visit(), "b", 0.0)
    assert [pins.find(arrival, 1.0) for arrival in (one, other, visit())] == ["a", None, None]
    pins.forget(one)
    assert pins.find(one, 2.0) is None
