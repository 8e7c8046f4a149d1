"""Loading all that a server has below a prefix, a part at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hiredis

from pointsman_persistence.valkey_link import ValkeyLink
from pointsman_persistence.valkey_words import command, pattern

# Keys that one look at the server asks for, about.
AT_ONCE = 500


class Loading:
    """Looks through the keys of a server and loads what they hold.

    A step begins when the server has answered the one before, so neither side is flooded, and
    other work goes on between them. If the connection is lost it just ends.

    Derive from it: ``_loaded`` and ``_all_loaded`` are yours to write.

    Args:
        link: to the server; stands.
        prefix: what keys begin with on the server.
        script: the one that loads keys; it answers with a row for each that is there.
    """

    def __init__(self, link: ValkeyLink, prefix: bytes, script: bytes) -> None:
        self._link = link
        self._prefix = prefix
        self._script = script

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
            words = command(b"EVALSHA", self._script, len(keys), *keys)
            self._link.send(words, lambda found: self._found(cursor, found))
        else:
            self._next(cursor)

    def _found(self, cursor: bytes, found: Any) -> None:
        if isinstance(found, hiredis.ReplyError):
            self._link.abort(str(found))
            return
        begin = len(self._prefix)
        for stored, *row in found:
            self._loaded(stored[begin:], row)
        self._next(cursor)

    def _next(self, cursor: bytes) -> None:
        if cursor != b"0":
            self._scan(cursor)
        else:
            self._all_loaded()

    def _loaded(self, key: bytes, row: Sequence[Any]) -> None:
        """This is what a key holds; SCAN may give one twice."""
        raise NotImplementedError

    def _all_loaded(self) -> None:
        """There are no more."""
        raise NotImplementedError
