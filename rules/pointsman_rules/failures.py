"""What is kept of failing rules: counts, a line in the log now and then, and when to pause."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

from twisted.logger import Logger

# A rule that fails so often within so many seconds is not asked for as long as this.
MOST, WITHIN, PAUSE = 50, 10.0, 30.0
# The same error is told once in so many seconds, and so many different ones are remembered.
AGAIN, KINDS = 60.0, 200


class Failures:
    """The failures of the rules of one service.

    Args:
        service: its name.
        clock: monotonic seconds.

    Attributes:
        count: all of them.
        latest: the last one in words.
    """

    log = Logger()

    def __init__(self, service: str, clock: Callable[[], float]) -> None:
        self._service = service
        self._clock = clock
        self._told: OrderedDict[str, list[float]] = OrderedDict()
        self._times: dict[str, deque[float]] = {}
        self.count = 0
        self.latest = ""

    def note(self, file: str, event: str, text: str, trace: str, request_id: str) -> bool:
        """Count a failure and tell it, unless it was told lately; whether it is one too many."""
        now = self._clock()
        self.count += 1
        where = text if text.startswith(f"{file}:") else f"{file}: {text}"
        self.latest = f"{where} (on.{event})"
        self._tell(now, file, event, where, trace, request_id)
        times = self._times.setdefault(file, deque(maxlen=MOST))
        times.append(now)
        if len(times) == MOST and now - times[0] <= WITHIN:
            times.clear()
            return True
        return False

    def _tell(
        self, now: float, file: str, event: str, where: str, trace: str, request_id: str
    ) -> None:
        kind = f"{file} {event} {where}"
        seen = self._told.get(kind)
        if seen is not None and now - seen[0] < AGAIN:
            seen[1] += 1
            return
        more = int(seen[1]) if seen is not None else 0
        self._told[kind] = [now, 0]
        self._told.move_to_end(kind)
        if len(self._told) > KINDS:
            self._told.popitem(last=False)
        self.log.error(
            "{service}: rule {where}, on.{event}, request {request_id}{more}\n{trace}",
            service=self._service,
            where=where,
            event=event,
            request_id=request_id or "none",
            more=f" ({more} more of it before)" if more else "",
            trace=trace,
        )
