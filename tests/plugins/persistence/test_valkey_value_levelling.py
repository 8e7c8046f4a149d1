"""Levelling of values asks a step at a time, and gives up a connection that answers nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hiredis

from pointsman_persistence.valkey_value_levelling import ValueLevelling
from pointsman_persistence.valkey_value_words import ToldValue
from pointsman_persistence.value_changes import Held


class Link:
    """A link whose answers the test gives."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.aborted: list[str] = []

    def send(self, command: bytes, done: Any) -> None:
        self.asked.append(done)

    def abort(self, reason: str) -> None:
        self.aborted.append(reason)


class Owner:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def loaded(self, key: bytes, told: ToldValue) -> None:
        self.told.append((key, told.value))

    def all_here(self) -> Iterator[tuple[bytes, Held]]:
        yield b"a", Held(1, 1.0)
        yield b"mine", Held(2, 1.0)

    def only_here(self, key: bytes, held: Held) -> None:
        self.told.append(("only here", key))

    def level(self, loaded: int, sent: int) -> None:
        self.told.append((loaded, sent))


def test_everything_is_loaded_then_the_rest_is_sent() -> None:
    link, owner = Link(), Owner()
    ValueLevelling(link, b"p:", owner).begin()  # type: ignore[arg-type]
    link.asked.pop()([b"7", []])
    link.asked.pop()([b"0", [b"p:a"]])
    link.asked.pop()([[b"p:a", b"i5", 1000]])
    link.asked.pop()(b"PONG")
    assert owner.told == [(b"a", 5), ("only here", b"mine"), (1, 1)]
    assert not link.asked


def test_an_error_loses_the_connection() -> None:
    for steps in ([hiredis.ReplyError("oh")], [[b"0", [b"p:a"]], hiredis.ReplyError("oh")]):
        link = Link()
        ValueLevelling(link, b"p:", Owner()).begin()  # type: ignore[arg-type]
        for step in steps:
            link.asked.pop()(step)
        assert link.aborted == ["oh"]
