"""Counting what happened to exchanges: cheap enough to be always on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from pointsman.model.record import ExchangeRecord

# Upper bounds of the latency histogram, in seconds; one more bucket takes what is longer.
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ServiceCounts:
    """What one virtual service has done since it was started.

    Attributes:
        by_class: exchanges by the hundreds of their status; place 0 is for those without one.
        bytes_in: body bytes received from clients.
        bytes_out: body bytes sent to clients.
        seconds: total duration of all exchanges.
        durations: exchanges by duration; place ``i`` counts those of at most ``BOUNDS[i]``
            seconds that are above the bound before, the last place those above all bounds.
    """

    __slots__ = ("by_class", "bytes_in", "bytes_out", "durations", "seconds")

    def __init__(self) -> None:
        self.by_class = [0] * 10
        self.bytes_in = 0
        self.bytes_out = 0
        self.seconds = 0.0
        self.durations = [0] * (len(BOUNDS) + 1)

    def finished(self, record: ExchangeRecord) -> None:
        """Count a finished exchange or tunnel."""
        self.by_class[record.status // 100] += 1
        self.bytes_in += record.bytes_in
        self.bytes_out += record.bytes_out
        total = record.total
        self.seconds += total
        self.durations[bisect_left(BOUNDS, total)] += 1

    @property
    def exchanges(self) -> int:
        """How many there were."""
        return sum(self.by_class)

    @property
    def classes(self) -> Mapping[str, int]:
        """Exchanges by ``2xx`` and so on, those that occurred; ``none`` got no status."""
        return {
            f"{place}xx" if place else "none": count
            for place, count in enumerate(self.by_class)
            if count
        }

    def quantile(self, share: float) -> float:
        """Seconds within which that share of all exchanges was done, as the histogram knows it.

        Args:
            share: above 0 to 1; 0.5 is the median.

        Returns:
            The upper bound of the bucket where it lies; infinity if that is the last one, 0.0 if
            there were no exchanges.
        """
        wanted = share * self.exchanges
        seen = 0
        for place, count in enumerate(self.durations):
            seen += count
            if count and seen >= wanted:
                return BOUNDS[place] if place < len(BOUNDS) else float("inf")
        return 0.0

    def __str__(self) -> str:
        classes = " ".join(f"{name}={count}" for name, count in self.classes.items())
        return (
            f"{self.exchanges} exchanges {classes} in={self.bytes_in} out={self.bytes_out} "
            f"median<={self.quantile(0.5):g}s p99<={self.quantile(0.99):g}s"
        )
