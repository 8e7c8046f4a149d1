"""Tests of bringing a copy and a server to the same, step by step, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hiredis
import pytest

from pointsman.contracts import Pin
from pointsman_persistence import memory_table
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.valkey_levelling import Levelling
from pointsman_persistence.valkey_words import LOAD, Told


class PlayedLink:
    """A link whose server answers what a test says."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []
        self.done: list[Callable[[Any], None]] = []
        self.aborted = ""

    def send(self, command: bytes, done: Callable[[Any], None]) -> None:
        reader = hiredis.Reader()
        reader.feed(command)
        self.asked.append(reader.gets())
        self.done.append(done)

    def answer(self, reply: Any) -> None:
        self.done.pop(0)(reply)

    def abort(self, reason: str) -> None:
        self.aborted = reason


class Owner:
    def __init__(self, *under_way: bytes) -> None:
        self.under_way = under_way
        self.told: list[object] = []

    def is_under_way(self, key: bytes) -> bool:
        return key in self.under_way

    def loaded(self, key: bytes, pin: Told) -> None:
        self.told.append((key, pin.member))

    def only_here(self, key: bytes, pin: Pin) -> None:
        self.told.append(("only here", key, pin.member))

    def level(self, loaded: int, sent: int) -> None:
        self.told.append(("level", loaded, sent))


def begun(copy: MemoryTable, owner: Owner) -> PlayedLink:
    link: Any = PlayedLink()
    Levelling(link, b"p:", copy, owner, lambda: 10.0).begin()
    played: PlayedLink = link
    return played


def test_first_all_is_loaded_then_the_rest_is_sent() -> None:
    copy, owner = MemoryTable(100, 60.0), Owner(b"moving")
    for key in (b"both", b"here", b"moving"):
        copy.put(key, "a", 5.0)
    copy.put(b"over", "a", -55.0)
    link = begun(copy, owner)
    assert link.asked[0][:4] == [b"SCAN", b"0", b"MATCH", b"p:*"]
    link.answer([b"7", [b"p:both", b"p:there"]])
    assert link.asked[1] == [b"EVALSHA", LOAD, b"2", b"p:both", b"p:there"]
    link.answer([[b"p:both", b"b", b"1000", 5000], [b"p:there", b"b", b"1000", 5000]])
    assert link.asked[2][:2] == [b"SCAN", b"7"]
    link.answer([b"9", []])
    link.answer([b"0", [b"p:both"]])  # a key may come twice
    link.answer([[b"p:both", b"b", b"1000", 5000]])
    assert owner.told == [(b"both", "b"), (b"there", "b"), ("only here", b"here", "a")]
    assert link.asked[-1] == [b"PING"]
    link.answer(b"PONG")
    assert owner.told[-1] == ("level", 2, 1)
    assert link.done == []


def test_a_slice_is_sent_when_the_one_before_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_table, "SLICE", 2)
    copy, owner = MemoryTable(100, 60.0), Owner()
    for n in range(5):
        copy.put(b"%d" % n, "a", 5.0)
    link = begun(copy, owner)
    link.answer([b"0", []])
    sent = []
    while link.done:
        sent.append(len(owner.told))
        link.answer(b"PONG")
    assert sent == [2, 4, 5]
    assert owner.told[-1] == ("level", 0, 5)


@pytest.mark.parametrize("step", [0, 1])
def test_what_the_server_refuses_ends_the_connection(step: int) -> None:
    link = begun(MemoryTable(100, 60.0), Owner())
    for reply in [[b"0", [b"p:k"]]][:step]:
        link.answer(reply)
    link.answer(hiredis.ReplyError("NOPERM this user has no permissions"))
    assert link.aborted == "NOPERM this user has no permissions"
    assert link.done == []
