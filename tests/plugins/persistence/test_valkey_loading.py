"""Everything below a prefix is loaded, a part after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hiredis

from pointsman_persistence.valkey_loading import Loading


class Link:
    """A link whose answers the test gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, Any]] = []
        self.aborted: list[str] = []

    def send(self, command: bytes, done: Any) -> None:
        self.asked.append((command, done))

    def abort(self, reason: str) -> None:
        self.aborted.append(reason)

    def answers(self, reply: object) -> bytes:
        command, done = self.asked.pop()
        done(reply)
        return command


class Noted(Loading):
    def __init__(self, link: Link) -> None:
        super().__init__(link, b"p:", b"the-script")  # type: ignore[arg-type]
        self.told: list[object] = []

    def _loaded(self, key: bytes, row: Sequence[Any]) -> None:
        self.told.append((key, *row))

    def _all_loaded(self) -> None:
        self.told.append("all")


def test_each_step_waits_for_the_one_before() -> None:
    link = Link()
    noted = Noted(link)
    noted.begin()
    assert b"p:*" in link.answers([b"7", [b"p:a", b"p:b"]])
    assert b"the-script" in link.answers([[b"p:a", 1, 2], [b"p:b", 3, 4]])
    assert noted.told == [(b"a", 1, 2), (b"b", 3, 4)]
    assert b"7" in link.answers([b"0", []])
    assert noted.told[2:] == ["all"]
    assert not link.asked


def test_an_error_loses_the_connection_and_is_no_end() -> None:
    for steps in ([hiredis.ReplyError("oh")], [[b"0", [b"p:a"]], hiredis.ReplyError("oh")]):
        link = Link()
        noted = Noted(link)
        noted.begin()
        for step in steps:
            link.answers(step)
        assert link.aborted == ["oh"]
        assert not noted.told
