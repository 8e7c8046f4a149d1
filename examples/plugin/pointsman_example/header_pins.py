"""``tenant``: a client belongs to a server by the value of a request header."""

from pydantic import Field

from pointsman.contracts import (
    Arrival,
    Duration,
    Misfit,
    Offer,
    Persistence,
    Settings,
    Surroundings,
    Table,
)


class HeaderPinSettings(Settings):
    """Which header it is, and how long its value is remembered."""

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$", description="its name")
    timeout: Duration = Field(default=1200.0, gt=0, description="since its last use")


class HeaderPins(Persistence):
    """Pins by the value of one header; who does not send it is never pinned."""

    def __init__(self, header: bytes, table: Table, timeout: float) -> None:
        self._header = header
        self._table = table
        self._timeout = timeout

    @property
    def table(self) -> Table:
        """Where the pins are."""
        return self._table

    @property
    def timeout(self) -> float:
        """How long they live after their last use."""
        return self._timeout

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member that this value is pinned to."""
        key = self._key(arrival)
        pin = self._table.find(key, now) if key else None
        return pin.member if pin else None

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        """Pin this value to a member."""
        key = self._key(arrival)
        if key:
            self._table.put(key, member, now)
        return bool(key)

    def forget(self, arrival: Arrival) -> None:
        """Drop the pin of this value."""
        if key := self._key(arrival):
            self._table.drop(key)

    def _key(self, arrival: Arrival) -> bytes:
        request = arrival.request
        return (request.headers.get(self._header) or b"")[:256] if request else b""


def make(settings: HeaderPinSettings, surroundings: Surroundings) -> HeaderPins:
    """A persistence for one pool."""
    if surroundings.mode == "tcp":
        raise Misfit("in tcp mode there are no headers", "use source_ip")
    if surroundings.make_table is None:
        raise Misfit("pins need a table, and there are none in this place")
    table = surroundings.make_table("", {"timeout": settings.timeout})
    return HeaderPins(settings.header.encode(), table, settings.timeout)


OFFER = Offer(HeaderPinSettings, make, "A client belongs to a server by a request header.")
