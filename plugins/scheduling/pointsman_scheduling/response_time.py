"""``response_time``: who answers soonest, its present work considered."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence

from pydantic import Field

from pointsman.contracts import Arrival, Candidate, Duration, Offer, Settings, Surroundings
from pointsman_scheduling.turns import Turns

# Answers that seem to take no time at all still take this long (seconds).
_SHORTEST = 1e-6
# A sample that is so many time constants old counts 5 %: it is not worth keeping.
_FORGOTTEN_AFTER = 3.0


class ResponseTimeSettings(Settings):
    """How fast the past is forgotten.

    Attributes:
        decay: time constant in seconds: what was measured that long ago counts 1/e (37 %).
    """

    decay: Duration = Field(
        default=10.0, gt=0, description="what was measured that long ago counts 37 %"
    )


class ResponseTime(Turns):
    """Picks the candidate with the lowest time x (active + 1) / weight.

    *time* is the moving average of the times to the first byte, each sample weighted by the time
    since the one before it: ``average += (sample - average) * (1 - exp(-gap / decay))``.

    *Nothing known*: a server without a sample comes first while it works on nothing, or on less
    than every candidate with a sample. A newcomer is tried so, but not run over. If there are
    several, the one with the least work. Who had no sample for three times ``decay`` while
    others had some is unknown again; so a server that was slow once, and gets no work for it,
    is tried again with one request.

    Tie: who has waited longest since it was last picked. In tcp mode there are no samples, and
    this is ``least_connections``. A server that fails fast looks fast: have a health check.

    Args:
        decay: seconds.
        clock: monotonic seconds.

    Source: Twitter Finagle, ``PeakEwma`` (without the peak); Traefik's ``leasttime``.
    """

    __slots__ = ("_at", "_average", "_clock", "_decay", "_look_at")

    def __init__(self, decay: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._decay = decay
        self._clock = clock
        self._average: dict[str, float] = {}
        self._at: dict[str, float] = {}
        self._look_at = -math.inf

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate that should answer soonest."""
        if candidates is not self._lined_up:
            self._line_up(candidates)
        averages = self._average
        best = unknown = -1
        lowest = idlest = least = math.inf
        waiting = self._waiting
        for place, candidate in enumerate(waiting):
            active = candidate.active
            average = averages.get(candidate.name)
            if average is None:
                if active < least:
                    least = active
                    unknown = place
                continue
            if active < idlest:
                idlest = active
            score = average * (active + 1) / candidate.weight
            if score < lowest:
                lowest = score
                best = place
        if unknown >= 0 and (not least or least < idlest):
            best = unknown
        chosen = waiting.pop(best)
        waiting.append(chosen)
        if best < self._unpicked:
            self._unpicked -= 1
        return chosen

    @property
    def wants_first_byte(self) -> bool:
        """True: the averages are made of it."""
        return True

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        """Learn a sample."""
        name = candidate.name
        now = self._clock()
        sample = max(seconds, _SHORTEST)
        average = self._average.get(name)
        if average is not None:
            share = -math.expm1((self._at[name] - now) / self._decay)
            sample = average + (sample - average) * share
        self._average[name] = sample
        self._at[name] = now
        if now >= self._look_at:
            self._look_at = now + self._decay
            self._forget(
                [who for who, at in self._at.items() if now - at >= _FORGOTTEN_AFTER * self._decay]
            )

    def keep(self, names: Sequence[str]) -> None:
        """Forget the turns and averages of members not named."""
        super().keep(names)
        self._forget(set(self._average).difference(names))

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            del self._average[name], self._at[name]


def make(settings: ResponseTimeSettings, surroundings: Surroundings) -> ResponseTime:
    """A scheduler for one pool."""
    return ResponseTime(settings.decay)


OFFER = Offer(ResponseTimeSettings, make, "Who answers soonest, its present work considered.")
