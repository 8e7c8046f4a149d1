"""Tests of the URI hash: what of the target counts."""

from __future__ import annotations

import pytest

from kit.arrivals import connection, runners, visit
from pointsman.contracts import Surroundings
from pointsman_scheduling.source_hash import SourceHash
from pointsman_scheduling.uri_hash import URIHash, URIHashSettings, make

EVERYBODY = runners(a=1, b=1, c=1, d=1)


@pytest.mark.parametrize(
    ("query", "target", "key"),
    [
        (False, b"/a/b?c=d", b"/a/b"),
        (True, b"/a/b?c=d", b"/a/b?c=d"),
        (True, b"/a/b", b"/a/b"),
        (True, b"/a/b?", b"/a/b?"),
        (False, b"http://host/a/b?c=d", b"/a/b"),
        (True, b"http://host/a/b?c=d", b"/a/b?c=d"),
        (True, b"http://host/a/b?", b"/a/b?"),
        (True, b"http://host/a/b", b"/a/b"),
        (False, b"*", b"*"),
        (True, b"*", b"*"),
        (False, b"/%61", b"/%61"),
    ],
)
def test_what_counts(query: bool, target: bytes, key: bytes) -> None:
    assert URIHash(query)._key(visit(target=target)) == key


def test_the_path_decides_and_nothing_else() -> None:
    scheduler = URIHash()
    owner = scheduler.pick(visit("192.0.2.1", b"/a?b"), EVERYBODY)
    assert scheduler.pick(visit("192.0.2.2", b"/a?c", [(b"X", b"y")]), EVERYBODY) is owner
    paths = [visit(target=b"/%d" % n) for n in range(99)]
    assert len({scheduler.pick(path, EVERYBODY).name for path in paths}) == 4


def test_refused_in_tcp_mode() -> None:
    with pytest.raises(ValueError, match="in tcp mode there are none: use source_hash"):
        make(URIHashSettings(), Surroundings(mode="tcp"))


def test_without_a_request_the_address_decides() -> None:
    scheduler = make(URIHashSettings(query=True), Surroundings())
    for n in range(50):
        arrival = connection(f"192.0.2.{n}")
        assert scheduler.pick(arrival, EVERYBODY) is SourceHash().pick(arrival, EVERYBODY)
