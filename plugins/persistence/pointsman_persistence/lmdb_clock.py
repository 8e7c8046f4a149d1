"""The clock of a file of pins: seconds that all processes share and that go on after a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from struct import Struct

import lmdb

FORMAT_KEY = b"format"
CLOCK_KEY = b"clock"
# Where the stored seconds begin. Pins that were made elsewhere may be older than this machine's
# uptime, and the seconds must stay positive and below 2**32.
BEGIN = 1_000_000_000
# Seconds between two notes of which time it is.
NOTE_EVERY = 60.0

_CLOCK = Struct("<qdd")


def boot_id() -> str:
    """What tells one run of this machine from another; "" where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class SharedClock:
    """How far the stored seconds are ahead of the monotonic clock.

    The monotonic clock is the same for all processes of a machine and begins anew with each run
    of the machine. So the file keeps a shift, whole seconds, that is added to it; while the
    machine runs it never changes, whatever happens to the date. The file also keeps which run of
    the machine that was, and the date at some stored second. The first who opens the file in
    another run works out the new shift from these, and so time goes on as if the machine had
    counted the seconds while it was off.

    Attributes:
        shift: seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        boot: str = "",
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._boot = boot.encode()
        self._noted = float("-inf")
        self.shift = BEGIN

    def begin(self, txn: lmdb.Transaction[bytes], meta: lmdb._Database) -> None:
        """Read the shift, or work it out, and note which time it is."""
        now = self._clock()
        there = txn.get(CLOCK_KEY, db=meta)
        if there is not None:
            shift, at, date = _CLOCK.unpack_from(there)
            # A clock that is behind was set back to zero, whatever the name of the run.
            same_run = there[_CLOCK.size :] == self._boot and now + shift >= at
            if not same_run:
                passed = max(0.0, self._wall() - date)
                shift = round(at + passed - now)
            self.shift = shift
        self._noted = float("-inf")
        self.note(txn, meta)

    def note(self, txn: lmdb.Transaction[bytes], meta: lmdb._Database) -> None:
        """Write down now and then which date belongs to which second."""
        now = self._clock()
        if now - self._noted >= NOTE_EVERY:
            self._noted = now
            value = _CLOCK.pack(self.shift, now + self.shift, self._wall()) + self._boot
            txn.put(CLOCK_KEY, value, db=meta)
