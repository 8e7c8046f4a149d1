"""Bringing a copy of values and its server to the same, once a connection stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from pointsman_persistence.valkey_link import ValkeyLink
from pointsman_persistence.valkey_loading import AT_ONCE, Loading
from pointsman_persistence.valkey_value_words import LOAD, ToldValue, told_value
from pointsman_persistence.valkey_words import command
from pointsman_persistence.value_changes import Held


class LevelledValues(Protocol):
    """Whose copy it is."""

    def loaded(self, key: bytes, told: ToldValue) -> None:
        """The server has this value."""

    def all_here(self) -> Iterator[tuple[bytes, Held]]:
        """The live values of the copy of which no change is on its way, as they are now."""

    def only_here(self, key: bytes, held: Held) -> None:
        """The copy had this value and the server has not."""

    def level(self, loaded: int, sent: int) -> None:
        """It is done; how many values came from the server and how many went there."""


class ValueLevelling(Loading):
    """Loads all values of the server, then sends those of the copy that it does not have.

    If the connection is lost it just ends: a new connection begins a new one.

    Args:
        link: to the server; stands.
        prefix: what keys begin with on the server.
        owner: is told what is found.
    """

    def __init__(self, link: ValkeyLink, prefix: bytes, owner: LevelledValues) -> None:
        super().__init__(link, prefix, LOAD)
        self._owner = owner
        self._seen: set[bytes] = set()
        self._sent = 0

    def _loaded(self, key: bytes, row: Sequence[Any]) -> None:
        self._seen.add(key)
        self._owner.loaded(key, told_value(*row))

    def _all_loaded(self) -> None:
        missing = [pair for pair in self._owner.all_here() if pair[0] not in self._seen]
        self._send(iter(missing))

    def _send(self, left: Iterator[tuple[bytes, Held]]) -> None:
        part = [pair for pair, _ in zip(left, range(AT_ONCE), strict=False)]
        if not part:
            self._owner.level(len(self._seen), self._sent)
            return
        self._sent += len(part)
        for key, held in part:
            self._owner.only_here(key, held)
        self._link.send(command(b"PING"), lambda reply: self._send(left))
