"""A certificate whose files are looked at now and then, and read anew when they have changed."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.contracts import Outcome
from pointsman_ssl.entry import Entry
from pointsman_ssl.identity import Identity
from pointsman_ssl.source import Stamp

# Seconds between two looks.
LOOK = 5.0


class Watching:
    """Watches one certificate (a contracts.Chore).

    What has changed is read once it has stayed the same from one look to the next, so that a
    certificate and its key, replaced one after the other, are not caught in between. What cannot
    be used is told and left alone: the certificate of before stays.

    Args:
        entry: the certificate.
        stamp: of its files as they were read last.
    """

    def __init__(self, entry: Entry, stamp: Stamp) -> None:
        self._entry = entry
        self._read = self._seen = stamp
        self._users: list[Callable[[Identity], None]] = []
        self._next = 0.0

    def tell(self, user: Callable[[Identity], None]) -> None:
        """Tell somebody of each new one from now on; who cannot use it raises ValueError."""
        self._users.append(user)

    @property
    def _changed(self) -> str:
        return f"the certificate {self._entry.name!r} has changed"

    # ---- the chore ----

    def due(self, now: float) -> bool:
        """Whether to look at the files now."""
        if now < self._next:
            return False
        self._next = now + LOOK
        return True

    def work(self) -> Outcome | None:
        """Look at the files, and read them if they have changed and settled."""
        stamp, seen = self._entry.source.stamp(), self._seen
        self._seen = stamp
        if stamp == self._read or stamp != seen:
            return None
        self._read = stamp
        try:
            made = self._entry.again()
        except ValueError as error:
            raise ValueError(f"{self._changed}, and the one of before stays: {error}") from None

        def outcome() -> str:
            for user in self._users:
                user(made.identity)
            return "; ".join([f"{self._changed} and was read anew", *map(str, made.findings)])

        return outcome
