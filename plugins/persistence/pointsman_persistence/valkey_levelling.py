"""Bringing a copy of pins and its server to the same, once a connection stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from pointsman.contracts import Pin
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.valkey_link import ValkeyLink
from pointsman_persistence.valkey_loading import Loading
from pointsman_persistence.valkey_words import LOAD, Told, command, told


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


class Levelling(Loading):
    """Loads all pins of the server, then sends those of the copy that it does not have.

    If the connection is lost it just ends: a new connection begins a new one.

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
        super().__init__(link, prefix, LOAD)
        self._clock = clock
        self._copy = copy
        self._owner = owner
        self._seen: set[bytes] = set()
        self._sent = 0

    def _loaded(self, key: bytes, row: Sequence[Any]) -> None:
        if key not in self._seen:
            self._seen.add(key)
            self._owner.loaded(key, told(*row))

    def _all_loaded(self) -> None:
        self._send(self._copy.entries(self._clock()))

    def _send(self, slices: Iterator[Sequence[tuple[bytes, Pin]]]) -> None:
        part = next(slices, None)
        if part is None:
            self._owner.level(len(self._seen), self._sent)
            return
        for key, pin in part:
            if key not in self._seen and not self._owner.is_under_way(key):
                self._sent += 1
                self._owner.only_here(key, pin)
        self._link.send(command(b"PING"), lambda reply: self._send(slices))
