"""Tests of the source hash: the address decides and nothing else."""

from __future__ import annotations

from kit.arrivals import connection, runners, visit
from pointsman.contracts import Settings, Surroundings
from pointsman_scheduling.source_hash import SourceHash, make

EVERYBODY = runners(a=1, b=1, c=1, d=1)


def test_the_address_decides_and_nothing_else() -> None:
    scheduler = SourceHash()
    owner = scheduler.pick(visit("192.0.2.1", b"/one"), EVERYBODY)
    for _ in range(3):
        assert scheduler.pick(visit("192.0.2.1", b"/two", [(b"X", b"y")]), EVERYBODY) is owner
    assert len({scheduler.pick(visit(f"192.0.2.{n}"), EVERYBODY).name for n in range(99)}) == 4


def test_a_mapped_address_is_the_ipv4_address() -> None:
    scheduler = SourceHash()
    for n in range(50):
        plain = scheduler.pick(visit(f"192.0.2.{n}"), EVERYBODY)
        assert scheduler.pick(visit(f"::ffff:192.0.2.{n}"), EVERYBODY) is plain


def test_works_in_tcp_mode_and_for_unix_sockets() -> None:
    scheduler = make(Settings(), Surroundings(mode="tcp"))
    assert scheduler.pick(connection(), EVERYBODY) is SourceHash().pick(visit(), EVERYBODY)
    assert len({scheduler.pick(connection(""), EVERYBODY).name for _ in range(9)}) == 1
