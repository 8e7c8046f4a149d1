"""The link of a copy: who waits for it, what is believed of what it brings, and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.logger import formatEvent

from kit.logs import noted_log
from pointsman_persistence.valkey_copy import ValkeyCopy


class Link:
    """A link that does nothing by itself."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self) -> None:
        self.said.append("start")

    def stop(self) -> None:
        self.said.append("stop")

    def abort(self, reason: str) -> None:
        self.said.append(f"abort {reason}")


class Copy(ValkeyCopy[bytes]):
    WHAT, KEYS, CHANNEL = "things", "thing", "news"
    ALONE = "they are alone"

    def __init__(self, link: Link) -> None:
        super().__init__("a b", "x", lambda *_: link)  # type: ignore[arg-type]
        self._under_way = {b"busy": 1}
        self.taken: list[tuple[bytes, bytes]] = []

    def _heard(self, payload: bytes) -> tuple[bytes, bytes, bytes]:
        who, told, stored = payload.split()
        return who, told, stored

    def _take(self, key: bytes, told: bytes) -> None:
        self.taken.append((key, told))

    def _scripts(self) -> Sequence[bytes]:
        return (b"return 1",)


def test_who_waits_is_called_once_it_is_level_or_lost() -> None:
    for is_lost in (False, True):
        link, called = Link(), list[str]()
        copy = Copy(link)
        copy.when_ready(lambda called=called: called.append("no server"))  # type: ignore[misc]
        copy.start(object())
        copy.when_ready(lambda called=called: called.append("waited"))  # type: ignore[misc]
        assert called == ["no server"]
        if is_lost:
            copy.down("gone")
        else:
            copy.level(1, 2)
        copy.when_ready(lambda called=called: called.append("later"))  # type: ignore[misc]
        assert called == ["no server", "waited", "later"]
        copy.start(object())
        copy.close()
        assert link.said == ["start", "stop"]


def test_only_news_of_others_are_taken_and_none_of_what_is_under_way() -> None:
    copy = Copy(Link())
    prefix = copy._prefix
    assert prefix == b"x:a%20b:thing:"
    news: list[list[Any]] = [
        [b"message", b"c", b"other one " + prefix + b"k"],
        [b"message", b"c", b"other two " + prefix + b"busy"],
        [b"message", b"c", copy._who + b" three " + prefix + b"k"],
        [b"message", b"c", b"nonsense"],
        [b"subscribe", b"c", 1],
    ]
    for words in news:
        copy.pushed(words)
    assert copy.taken == [(b"k", b"one")]


def test_what_is_said_is_said_once() -> None:
    with noted_log() as events:
        copy = Copy(link := Link())
        copy.start(object())
        for _ in range(2):
            copy._refused("ERR no")
            copy._refused("READONLY replica")
            copy.down("gone")
    assert [formatEvent(event) for event in events] == [
        "things of a b: the server refuses: ERR no",
        "things of a b: the server is lost: gone; they are alone until it is back",
    ]
    assert link.said == ["start", "abort READONLY replica", "abort READONLY replica"]
