"""The clients of a service that is about to end."""

from __future__ import annotations


class GoingClients:
    """Client connections that go when they are told to, or never."""

    def __init__(self, stubborn: bool = False) -> None:
        self.open = 1
        self.told: list[str] = []
        self._stubborn = stubborn

    def __len__(self) -> int:
        return self.open

    def drain(self) -> None:
        self.told.append("drain")

    def stop(self) -> None:
        self.told.append("stop")
        if not self._stubborn:
            self.open = 0
