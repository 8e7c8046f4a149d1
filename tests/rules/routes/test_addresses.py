"""Sets of networks: found quickly, read anew when a file changes, kept when it is broken."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.routes.addresses import Addresses, NetworkSet, network

V4 = st.ip_addresses(v=4)


@given(st.lists(st.tuples(V4, st.integers(0, 32)), max_size=8), V4)
def test_it_is_what_a_search_would_find(
    made: list[tuple[ipaddress.IPv4Address, int]], address: ipaddress.IPv4Address
) -> None:
    networks = [network(f"{each}/{length}") for each, length in made]
    assert (str(address) in NetworkSet(networks)) == any(address in each for each in networks)


def test_both_versions_are_kept_apart_but_mapped_ones_are_the_same() -> None:
    found = NetworkSet([network("10.0.0.0/8"), network("2001:db8::/32")])
    assert "10.1.2.3" in found
    assert "::ffff:10.1.2.3" in found
    assert "2001:db8::1" in found
    assert "2001:db9::1" not in found
    assert "" not in found
    assert "nobody" not in found


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="an address or a network"):
        network("10.0.0.0/33")


def test_a_file_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "bad.txt"
    file.write_text("10.0.0.1 # a comment\n\n; another\n192.0.2.0/24\n")
    addresses = Addresses([network("203.0.113.9")], [file])
    assert addresses.has_files
    assert "10.0.0.1" in addresses
    assert "192.0.2.7" in addresses
    assert "203.0.113.9" in addresses
    file.write_text("10.0.0.2\n")
    os.utime(file, ns=(1, 1))
    addresses.refresh()
    assert "10.0.0.1" not in addresses
    assert "10.0.0.2" in addresses
    before = addresses.now
    addresses.refresh()
    assert addresses.now is before


@pytest.mark.parametrize("text", ["no address\n", None])
def test_a_file_that_breaks_leaves_all_as_it_was(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "bad.txt"
    file.write_text("10.0.0.1\n")
    addresses = Addresses([], [file])
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    addresses.refresh()
    assert "10.0.0.1" in addresses


def test_a_file_that_cannot_be_used_says_where(tmp_path: Path) -> None:
    file = tmp_path / "bad.txt"
    with pytest.raises(ValueError, match=r"cannot read .*bad\.txt: No such file"):
        Addresses([], [file])
    file.write_text("10.0.0.1\nbad\n")
    with pytest.raises(ValueError, match=r"bad\.txt:2: expected an address"):
        Addresses([], [file])
