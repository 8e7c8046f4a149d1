"""Ids count, and those of two processes differ."""

import re

from pointsman.core.request_ids import RequestIds


def test_ids_count_behind_a_prefix() -> None:
    ids = RequestIds("ab")
    assert [ids.next() for _ in range(3)] == ["ab-1", "ab-2", "ab-3"]


def test_ids_of_two_processes_differ_and_are_safe_in_a_header() -> None:
    one, two = RequestIds().next(), RequestIds().next()
    assert one != two
    assert re.fullmatch(r"[0-9a-f]{12}-1", one)
