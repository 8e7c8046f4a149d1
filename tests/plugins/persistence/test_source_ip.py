"""Tests of pins by source address: who is the same client, and for how long."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import pointsman_persistence
from kit.arrivals import connection, visit
from pointsman.contracts import Persistence, Surroundings, Table
from pointsman.model.headers import Headers
from pointsman.model.message import ResponseHead
from pointsman_persistence import source_ip
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.source_ip import SourceIP, SourceIPSettings, make


def pins(mask_v4: int = 32, mask_v6: int = 64, size: int = 100) -> SourceIP:
    return SourceIP(MemoryTable(size, 60.0), mask_v4, mask_v6)


def same_client(persistence: SourceIP, one: str, other: str) -> bool:
    persistence.bind(visit(one), "a", 0.0)
    return persistence.find(visit(other), 1.0) == "a"


def test_absent_known_refreshed_expired() -> None:
    persistence: Persistence = pins()
    assert persistence.find(visit(), 0.0) is None
    persistence.bind(visit(), "a", 0.0)
    assert persistence.find(visit(), 59.0) == "a"
    assert persistence.find(connection(), 118.0) == "a"
    assert persistence.find(visit(), 178.0) is None
    assert persistence.find(visit("192.0.2.2"), 0.0) is None


def test_the_first_who_binds_wins_until_it_is_forgotten() -> None:
    persistence = pins()
    persistence.bind(visit(), "a", 0.0)
    persistence.bind(visit(), "b", 1.0)  # as another process would that saw no pin either
    assert persistence.find(visit(), 2.0) == "a"
    persistence.forget(visit())
    assert persistence.find(visit(), 3.0) is None
    persistence.forget(visit())
    persistence.bind(visit(), "b", 4.0)
    assert persistence.find(visit(), 5.0) == "b"


def test_keys_for_people() -> None:
    persistence = pins()
    persistence.bind(visit("192.0.2.1"), "a", 0.0)
    key = persistence.key_for("192.0.2.1")
    assert persistence.look(visit("192.0.2.1"), 1.0).key == key
    assert persistence.shown(key) == "192.0.2.1"
    assert persistence.shown(persistence.key_for("2001:db8::1")) == "2001:db8::"
    assert persistence.key_for("nobody") == b""
    assert persistence.shown(b"no address") == ""


def test_evicted() -> None:
    persistence = pins(size=2)
    for n in (1, 2, 3):
        persistence.bind(visit(f"192.0.2.{n}"), "a", float(n))
    assert persistence.find(visit("192.0.2.1"), 4.0) is None
    assert persistence.find(visit("192.0.2.2"), 4.0) == "a"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::FFFF:c000:201", "192.0.2.1", True),
        ("192.0.2.1", "::192.0.2.1", False),
        ("2001:db8::1", "2001:DB8:0:0:0:0:0:1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("0.0.0.0", "::", False),
    ],
)
def test_who_is_the_same_client(one: str, other: str, same: bool) -> None:
    assert same_client(pins(), one, other) is same


@pytest.mark.parametrize(
    ("mask_v4", "mask_v6", "one", "other", "same"),
    [
        (24, 64, "192.0.2.1", "192.0.2.255", True),
        (24, 64, "192.0.2.1", "192.0.3.1", False),
        (24, 64, "::ffff:192.0.2.1", "192.0.2.9", True),
        (31, 64, "192.0.2.2", "192.0.2.3", True),
        (31, 64, "192.0.2.1", "192.0.2.2", False),
        (0, 64, "0.0.0.0", "255.255.255.255", True),
        (0, 0, "192.0.2.1", "2001:db8::1", False),
        (32, 0, "::1", "ffff::", True),
        (32, 128, "2001:db8::1", "2001:db8::2", False),
        (32, 127, "2001:db8::2", "2001:db8::3", True),
        (32, 48, "2001:db8:1:2::", "2001:db8:1:3::", True),
    ],
)
def test_masks(mask_v4: int, mask_v6: int, one: str, other: str, same: bool) -> None:
    assert same_client(pins(mask_v4, mask_v6), one, other) is same


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses(v=6), st.integers(0, 128))
def test_the_key_is_the_network(
    v4: ipaddress.IPv4Address, mask_v4: int, v6: ipaddress.IPv6Address, mask_v6: int
) -> None:
    persistence = pins(mask_v4, mask_v6)
    network_v4 = ipaddress.ip_network(f"{v4}/{mask_v4}", strict=False)
    assert persistence._key(str(v4)) == network_v4.network_address.packed
    if v6.ipv4_mapped is None:
        network_v6 = ipaddress.ip_network(f"{v6}/{mask_v6}", strict=False)
        assert persistence._key(str(v6)) == network_v6.network_address.packed


@pytest.mark.parametrize(
    "text",
    ["", "unknown", "192.0.2.256", "192.0.2.1:80", "[::1]", "_hidden", "192.0.2.01", "\udc80"],
)
def test_what_is_no_address_is_never_pinned(text: str) -> None:
    persistence = pins(0, 0)
    for _ in range(2):
        persistence.bind(visit(text), "a", 0.0)
        assert persistence.find(visit(text), 0.0) is None
        persistence.forget(visit(text))
    assert len(persistence.table) == 0


def test_the_keys_kept_by_text_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_ip, "_KEPT_KEYS", 10)
    persistence = pins()
    for n in range(50):
        persistence.bind(visit(f"192.0.2.{n}"), f"m{n}", 0.0)
        assert len(persistence._kept) <= 10
    assert [persistence.find(visit(f"192.0.2.{n}"), 1.0) for n in range(50)] == [
        f"m{n}" for n in range(50)
    ]


def test_responses_do_not_matter() -> None:
    persistence = pins()
    assert not persistence.wants_response
    head = ResponseHead(200, Headers([(b"Set-Cookie", b"a=b")]))
    persistence.response(visit(), head, "a", 0.0)
    assert len(persistence.table) == 0
    assert list(head.headers) == [(b"Set-Cookie", b"a=b")]


def make_table(kind: str, options: Mapping[str, Any]) -> Table:
    """As the framework does it: look the kind up, check its options, make it."""
    offer = pointsman_persistence.tables()[kind or "memory"]
    table: Table = offer.make(offer.settings.model_validate(dict(options)), Surroundings())
    return table


def test_made_from_settings() -> None:
    options = {"timeout": "2m", "mask_v4": 24, "table": {"kind": "memory", "size": 1}}
    settings = SourceIPSettings.model_validate(options)
    persistence = make(settings, Surroundings(make_table=make_table))
    assert isinstance(persistence.table, MemoryTable)
    persistence.bind(visit("192.0.2.1"), "a", 0.0)
    assert persistence.find(visit("192.0.2.2"), 119.0) == "a"
    assert persistence.find(visit("192.0.2.2"), 239.0) is None
    persistence.bind(visit("192.0.2.1"), "a", 240.0)
    persistence.bind(visit("198.51.100.1"), "a", 240.0)
    assert len(persistence.table) == 1


def test_defaults() -> None:
    settings = SourceIPSettings()
    assert (settings.timeout, settings.mask_v4, settings.mask_v6) == (1200.0, 32, 64)
    assert settings.table == {}
    assert "192.0.2.1" not in make(settings, Surroundings(make_table=make_table))._kept


def test_the_options_of_the_table_are_its_own() -> None:
    settings = SourceIPSettings.model_validate({"table": {"kind": "memory", "sise": 1}})
    with pytest.raises(ValueError, match="sise"):
        make(settings, Surroundings(make_table=make_table))


@pytest.mark.parametrize(
    "options",
    [{"timeout": "0"}, {"timeout": 20}, {"mask_v4": 33}, {"mask_v6": 129}, {"mask_v4": -1},
     {"table": 3}, {"cookie": "x"}],
)  # fmt: skip
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SourceIPSettings.model_validate(options)


def come(persistence: SourceIP, **counts: int) -> None:
    """So many requests of each, one after the other in turn."""
    for turn in range(max(counts.values())):
        for name, count in counts.items():
            if turn < count:
                persistence.find(visit(f"192.0.2.{name[1:]}"), 0.0)


def test_an_address_that_stands_for_most_clients_is_doubted() -> None:
    persistence = pins()
    come(persistence, a1=6400)
    told = persistence.doubt()
    assert "100 % of what comes is from 192.0.2.1" in told
    assert "forwarding.trusted" in told


def test_many_addresses_are_not_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_ip, "_EACH", 0)
    persistence = pins()
    come(persistence, a1=50, a2=49)
    assert persistence.doubt() == ""  # too few to say
    come(persistence, a1=50, a2=50, a3=50)
    assert persistence.doubt() == ""
    come(persistence, a1=100, a2=10)
    assert "90 %" in persistence.doubt()


def test_what_is_noted_of_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_ip, "_EACH", 0)
    monkeypatch.setattr(source_ip, "_MOST_NOTED", 10)
    persistence = pins()
    for number in range(100):
        persistence.find(visit(f"192.0.2.{number}"), 0.0)
        assert len(persistence._noted) <= 10
