"""Lists of rules, and their files."""

import os
from pathlib import Path
from typing import Any

import pytest

from pointsman_rules.lists import ListFunctions, ListSettings, RuleList, lookup


def find(kind: str, *lines: str, ignore_case: bool = False) -> Any:
    return lookup(kind, lines, ignore_case)[0]


def test_sets_maps_prefixes_and_suffixes() -> None:
    assert find("set", "a # comment", "", "# all comment", "b")("a") == ""
    assert find("set", "a")("A") is None
    assert find("set", "A", ignore_case=True)("a") == ""
    assert find("map", "DE  Berlin", "FR Paris")("DE") == "Berlin"
    assert find("prefix", "/api", "/api/v2")("/api/v2/x") == ""
    assert find("prefix", "/api")("/ap") is None
    assert find("suffix", ".example.com")("www.example.com") == ""


def test_networks() -> None:
    within = find("cidr", "10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "0.0.0.0/32")
    for text, there in (
        ("10.9.9.9", True), ("10.1.2.3", True), ("11.0.0.1", False), ("2001:db8::1", True),
        ("2001:db9::1", False), ("::ffff:10.1.1.1", True), ("nonsense", False), ("0.0.0.0", True),
    ):  # fmt: skip
        assert (within(text) is not None) is there, text
    with pytest.raises(ValueError, match="line 2"):
        find("cidr", "10.0.0.0/8", "10.0.0.0/99")


def test_a_file_is_read_anew_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a\n")
    one = RuleList("l", ListSettings(file="list"), path)
    one.read()
    assert (one.get("a"), one.get("b"), one.size) == ("", None, 1)
    assert not one.refresh(0.0)
    fresh = tmp_path / "fresh"
    fresh.write_text("b\nc\n")
    os.replace(fresh, path)
    assert not one.refresh(1.0)
    assert one.refresh(5.0)
    assert (one.get("a"), one.get("b"), one.size) == (None, "", 2)


def test_a_file_that_cannot_be_read_leaves_the_list_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("10.0.0.0/8\n")
    one = RuleList("l", ListSettings(file="list", kind="cidr"), path)
    one.read()
    fresh = tmp_path / "fresh"
    fresh.write_text("nonsense")
    os.replace(fresh, path)
    assert not one.refresh(5.0)
    assert one.get("10.1.1.1") == ""
    path.unlink()
    assert not one.refresh(10.0)
    assert one.get("10.1.1.1") == ""
    path.write_text("11.0.0.0/8")
    assert one.refresh(15.0)
    assert one.get("10.1.1.1") is None


def test_entries_are_compared_as_bytes() -> None:
    one = RuleList("l", ListSettings(values=["größe"]), None)
    one.read()
    assert one.get("größe".encode().decode("latin-1")) == ""


def test_a_list_needs_its_entries() -> None:
    with pytest.raises(ValueError, match="file"):
        ListSettings()


def test_rules_find_lists_by_number() -> None:
    one = RuleList("l", ListSettings(values=["a 1"], kind="map"), None)
    one.read()
    f = ListFunctions({"l": one}).functions()
    assert f["list_id"]("l") == 0
    assert f["list_id"]("m")[0] is None
    assert (f["list_has"](0, "a"), f["list_get"](0, "a"), f["list_size"](0)) == (True, "1", 1)
