"""Pins in a dictionary, by client address."""

from __future__ import annotations

from pointsman.contracts import Arrival, Persistence, Table


class Pins(Persistence):
    """A persistence that remembers by client address."""

    timeout = 60.0
    table: Table | None = None

    def __init__(self, **pins: str) -> None:
        self.pins = pins
        self.forgotten = 0

    def find(self, arrival: Arrival, now: float) -> str | None:
        return self.pins.get(arrival.client_ip)

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        self.pins[arrival.client_ip] = member
        return True

    def forget(self, arrival: Arrival) -> None:
        self.forgotten += 1
        self.pins.pop(arrival.client_ip, None)
