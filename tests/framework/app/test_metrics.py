"""Counts of exchanges: classes, bytes, and a histogram that tells quantiles."""

import pytest

from kit.records import record
from pointsman.app.metrics import BOUNDS, ServiceCounts


def test_each_exchange_counts_in_its_class() -> None:
    counts = ServiceCounts()
    for status in (200, 204, 404, 503, 0):
        counts.finished(record(status=status, bytes_in=1, bytes_out=10))
    assert counts.classes == {"none": 1, "2xx": 2, "4xx": 1, "5xx": 1}
    assert (counts.exchanges, counts.bytes_in, counts.bytes_out) == (5, 5, 50)


def test_every_status_that_a_server_may_send_has_a_place() -> None:
    counts = ServiceCounts()
    counts.finished(record(status=999))
    assert counts.classes == {"9xx": 1}


@pytest.mark.parametrize(
    ("seconds", "place"),
    [(0.0, 0), (0.001, 0), (0.0011, 1), (10.0, len(BOUNDS) - 1), (10.5, len(BOUNDS))],
)
def test_a_duration_lies_in_the_bucket_whose_bound_it_does_not_exceed(
    seconds: float, place: int
) -> None:
    counts = ServiceCounts()
    counts.finished(record(total=seconds))
    assert counts.durations.index(1) == place
    assert sum(counts.durations) == 1


def test_quantiles_are_bounds_of_buckets() -> None:
    counts = ServiceCounts()
    for total in [0.002] * 98 + [0.2] + [60.0]:
        counts.finished(record(total=total))
    assert counts.quantile(0.5) == 0.0025
    assert counts.quantile(0.99) == 0.25
    assert counts.quantile(1.0) == float("inf")
    assert ServiceCounts().quantile(0.5) == 0.0


def test_it_is_told_in_one_line() -> None:
    counts = ServiceCounts()
    counts.finished(record())
    assert str(counts) == "1 exchanges 2xx=1 in=0 out=612 median<=0.5s p99<=0.5s"
