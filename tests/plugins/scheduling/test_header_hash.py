"""Tests of the header hash: the value decides, without one the address."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kit.arrivals import connection, runners, visit
from pointsman.contracts import Surroundings
from pointsman_scheduling.header_hash import HeaderHash, HeaderHashSettings, make
from pointsman_scheduling.source_hash import SourceHash

EVERYBODY = runners(a=1, b=1, c=1, d=1)


def test_the_value_decides_and_nothing_else() -> None:
    scheduler = make(HeaderHashSettings(header="x-TENANT"), Surroundings(mode="http"))
    owner = scheduler.pick(visit("192.0.2.1", b"/a", [(b"X-Tenant", b"one")]), EVERYBODY)
    other = visit("192.0.2.2", b"/b", [(b"x-tenant", b"one"), (b"x-tenant", b"two")])
    assert scheduler.pick(other, EVERYBODY) is owner
    tenants = [visit(headers=[(b"X-Tenant", b"%d" % n)]) for n in range(99)]
    assert len({scheduler.pick(tenant, EVERYBODY).name for tenant in tenants}) == 4


def test_without_a_value_the_address_decides() -> None:
    scheduler = HeaderHash(b"X-Tenant")
    for n in range(50):
        address = f"192.0.2.{n}"
        expected = SourceHash().pick(visit(address), EVERYBODY)
        assert scheduler.pick(visit(address), EVERYBODY) is expected
        empty = visit(address, headers=[(b"X-Tenant", b"")])
        assert scheduler.pick(empty, EVERYBODY) is expected
        assert scheduler.pick(connection(address), EVERYBODY) is expected


def test_refused_in_tcp_mode() -> None:
    with pytest.raises(ValueError, match="in tcp mode there are none: use source_hash"):
        make(HeaderHashSettings(header="X-Tenant"), Surroundings(mode="tcp"))


@pytest.mark.parametrize("options", [{}, {"header": ""}, {"header": "X Tenant"}, {"header": "a:"}])
def test_settings_that_make_no_sense(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="header"):
        HeaderHashSettings.model_validate(options)
