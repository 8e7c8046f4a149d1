"""Bringing a copy of values and its server to the same, once a connection stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import hiredis

from pointsman_persistence.valkey_link import ValkeyLink
from pointsman_persistence.valkey_value_words import LOAD, ToldValue, told_value
from pointsman_persistence.valkey_words import command, pattern
from pointsman_persistence.value_changes import Held

# Keys that one look at the server asks for, and values sent in one go, about.
AT_ONCE = 500


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


class ValueLevelling:
    """Loads all values of the server, then sends those of the copy that it does not have.

    A step begins when the server has answered the one before. If the connection is lost it just
    ends: a new connection begins a new one.

    Args:
        link: to the server; stands.
        prefix: what keys begin with on the server.
        owner: is told what is found.
    """

    def __init__(self, link: ValkeyLink, prefix: bytes, owner: LevelledValues) -> None:
        self._link = link
        self._prefix = prefix
        self._owner = owner
        self._seen: set[bytes] = set()
        self._sent = 0

    def begin(self) -> None:
        """Ask for the first keys."""
        self._scan(b"0")

    def _scan(self, cursor: bytes) -> None:
        words = (b"SCAN", cursor, b"MATCH", pattern(self._prefix), b"COUNT", AT_ONCE)
        self._link.send(command(*words), self._scanned)

    def _scanned(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            self._link.abort(str(reply))
            return
        cursor, keys = reply
        if keys:
            words = command(b"EVALSHA", LOAD, len(keys), *keys)
            self._link.send(words, lambda found: self._found(cursor, found))
        else:
            self._next(cursor)

    def _found(self, cursor: bytes, found: Any) -> None:
        if isinstance(found, hiredis.ReplyError):
            self._link.abort(str(found))
            return
        for stored, value, left in found:
            key = stored[len(self._prefix) :]
            self._seen.add(key)
            self._owner.loaded(key, told_value(value, left))
        self._next(cursor)

    def _next(self, cursor: bytes) -> None:
        if cursor != b"0":
            self._scan(cursor)
        else:
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
