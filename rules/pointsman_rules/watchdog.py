"""Notices that the reactor does not come round, and says which rule it was that ran.

What runs in C (a long sort, compiled Lua) meets no limit of ours. The interpreter is free
meanwhile, so a thread can look and tell.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Any

from twisted.logger import Logger

BEAT = 0.1  # seconds between two signs of life of the reactor
LATE = 0.25


class Watchdog:
    """One for all rules of a worker.

    Args:
        late: seconds without a sign of life after which it is told.

    Attributes:
        late: as above.
        running: what runs now: the runs, the event, the exchange; None between runs.
        told: how often it was told.
    """

    log = Logger()

    def __init__(self, late: float = LATE) -> None:
        self.running: tuple[Any, str, Any] | None = None
        self.told = 0
        self.late = late
        self._reactor: Any = None
        self._beat: Any = None
        self._seen = 0.0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._of = 0

    def start(self, reactor: Any) -> None:
        """Begin to look."""
        self._reactor = reactor
        self._of = threading.get_ident()
        self._stopped = threading.Event()
        self._alive()
        self._thread = threading.Thread(
            target=self._watch, args=(self._stopped,), name="rules watchdog", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Look no more; the thread has ended when this returns."""
        self._stopped.set()
        if self._beat is not None and self._beat.active():
            self._beat.cancel()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _alive(self) -> None:
        self._seen = time.monotonic()
        self._beat = self._reactor.callLater(BEAT, self._alive)

    def _watch(self, stopped: threading.Event) -> None:
        told_of = 0.0
        while not stopped.wait(BEAT):
            seen = self._seen
            late = time.monotonic() - seen
            running = self.running
            if late >= self.late + BEAT and running is not None and told_of != seen:
                told_of = seen
                self.told += 1
                words = self.words(running, late)
                # Loggers belong to the reactor's thread; what it cannot run now it runs later.
                self._reactor.callFromThread(self.log.warn, "{words}", words=words)

    def words(self, running: tuple[Any, str, Any], late: float) -> str:
        """What is known of a run that takes too long."""
        runs, event, seen = running
        frame = sys._current_frames().get(self._of)
        where = "".join(traceback.format_stack(frame, 6)) if frame is not None else ""
        return (
            f"{runs.name}: a rule keeps everybody waiting for {late * 1000:.0f} ms: "
            f"on.{event}, request {getattr(seen, 'request_id', '') or 'none'}\n{where}"
        )
