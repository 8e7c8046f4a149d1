"""Bringing a copy of pins and its server to the same, once a connection stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import hiredis

from pointsman.contracts import Pin
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.valkey_link import ValkeyLink
from pointsman_persistence.valkey_words import LOAD, Told, command, pattern, told

# Keys that one look at the server asks for, about.
AT_ONCE = 500


class Levelled(Protocol):
    """Whose copy it is."""

    def is_under_way(self, key: bytes) -> bool:
        """Whether a change of it is on its way to the server."""

    def loaded(self, key: bytes, pin: Told) -> None:
        """The server has this pin."""

    def only_here(self, key: bytes, pin: Pin) -> None:
        """The copy has this pin and the server has not."""

    def level(self, loaded: int, sent: int) -> None:
        """It is done; how many pins came from the server and how many went there."""


class Levelling:
    """Loads all pins of the server, then sends those of the copy that it does not have.

    A step begins when the server has answered the one before, so neither side is flooded, and
    other work goes on between them. If the connection is lost it just ends: a new connection
    begins a new one.

    Args:
        link: to the server; stands.
        prefix: what keys begin with on the server.
        copy: the pins that are here.
        owner: is told what is found.
        clock: the seconds of the copy.
    """

    def __init__(
        self,
        link: ValkeyLink,
        prefix: bytes,
        copy: MemoryTable,
        owner: Levelled,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._link = link
        self._prefix = prefix
        self._copy = copy
        self._owner = owner
        self._seen: set[bytes] = set()
        self._loaded = 0
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
        begin = len(self._prefix)
        for stored, member, age, left in found:
            key = stored[begin:]
            if key not in self._seen:  # SCAN may give a key twice
                self._seen.add(key)
                self._loaded += 1
                self._owner.loaded(key, told(member, age, left))
        self._next(cursor)

    def _next(self, cursor: bytes) -> None:
        if cursor != b"0":
            self._scan(cursor)
        else:
            self._send(self._copy.entries(self._clock()))

    def _send(self, slices: Iterator[Sequence[tuple[bytes, Pin]]]) -> None:
        part = next(slices, None)
        if part is None:
            self._owner.level(self._loaded, self._sent)
            return
        for key, pin in part:
            if key not in self._seen and not self._owner.is_under_way(key):
                self._sent += 1
                self._owner.only_here(key, pin)
        self._link.send(command(b"PING"), lambda reply: self._send(slices))
