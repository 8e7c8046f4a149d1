"""A copy of what a server keeps: the link to it, who waits for it, and what is said of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from twisted.logger import Logger

from pointsman_persistence.valkey_link import Greeting, ValkeyLink
from pointsman_persistence.valkey_words import command

# Refusals that a new connection may be the end of: it brings the scripts along, or leads to the
# server that may be written now.
UNFIT = ("NOSCRIPT", "READONLY", "MASTERDOWN", "LOADING")

# Makes the link to the server: reactor, commands of a greeting, owner.
Links = Callable[[Any, Callable[[], Sequence[Greeting]], Any], ValkeyLink]

T = TypeVar("T")


class ValkeyCopy(Generic[T]):
    """What copies of pins and of values have in common.

    Since answers and what is told come by one connection, in the order in which the server did
    it, each copy ends with what the server holds: what is told of a key while a change of ours is
    under way to it was done before ours, and our answer says what came out.

    Derive from it: ``_heard``, ``_take``, ``_scripts``, ``_under_way`` and ``up`` are yours, and
    the words in capitals.

    Args:
        name: of the copy, such as that of its pool.
        prefix: what its keys begin with on the server, before the name.
        links: makes the link to the server.
        database: number of the server's database.
        clock: the seconds that callers pass in.
    """

    log = Logger()

    # What it is a copy of, in words and in names of keys and of its channel.
    WHAT: str
    KEYS: str
    CHANNEL: str
    # What becomes of them while there is no server.
    ALONE: str

    _under_way: Mapping[bytes, object]

    def __init__(
        self,
        name: str,
        prefix: str,
        links: Links,
        database: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        # Quoted, so that no name is the beginning of another's keys. Keys are apart by databases,
        # channels are not.
        base = f"{prefix}:{quote(name, safe='')}:"
        self._prefix = f"{base}{self.KEYS}:".encode()
        self._channel = f"{base}{self.CHANNEL}:{database}".encode()
        self._links = links
        self._clock = clock
        self._who = os.urandom(6).hex().encode()
        self._link: ValkeyLink | None = None
        self._is_up = False
        self._is_lost = False
        self._refusals: set[str] = set()
        self._ready: list[Callable[[], None]] = []
        self._is_ready = False

    def start(self, reactor: Any) -> None:
        """Connect to the server; nobody waits for it."""
        if self._link is None and reactor is not None:
            self._link = self._links(reactor, self._greeting, self)
            self._link.start()

    def when_ready(self, call: Callable[[], None]) -> None:
        """Call back once all is loaded, or the server could not be reached."""
        if self._is_ready or self._link is None:
            call()
        else:
            self._ready.append(call)

    def close(self) -> None:
        """Let go of the server."""
        link, self._link = self._link, None
        self._is_up = False
        if link is not None:
            link.stop()

    # ---- from the server ----

    def _refused(self, text: str) -> None:
        if text.startswith(UNFIT) and self._link is not None:
            self._link.abort(text)
        elif text not in self._refusals:
            self._refusals.add(text)
            self.log.error(
                "{what} of {name}: the server refuses: {text}",
                what=self.WHAT,
                name=self._name,
                text=text,
            )

    def pushed(self, words: Sequence[Any]) -> None:
        """Another one changed something."""
        if words[0] != b"message":
            return
        try:
            who, told, stored = self._heard(words[2])
        except ValueError:
            return  # not of ours, whoever it was
        key = stored[len(self._prefix) :]
        # While a change of ours is on its way, its answer will say what came out.
        if who != self._who and key not in self._under_way:
            self._take(key, told)

    def _heard(self, payload: bytes) -> tuple[bytes, T, bytes]:
        """Who told, what, and of which key of the server; raises ValueError for anything else."""
        raise NotImplementedError

    def _take(self, key: bytes, told: T) -> None:
        """The server has this."""
        raise NotImplementedError

    # ---- the server comes and goes ----

    def _scripts(self) -> Sequence[bytes]:
        """Those that a new connection brings along."""
        raise NotImplementedError

    def _greeting(self) -> Sequence[Greeting]:
        return [
            *((command(b"SCRIPT", b"LOAD", script), True) for script in self._scripts()),
            (command(b"SUBSCRIBE", self._channel), False),
            (command(b"PING"), True),
        ]

    def level(self, loaded: int, sent: int) -> None:
        """Both sides are the same now (`Loading`)."""
        self.log.info(
            "{what} of {name}: shared with the server, {loaded} loaded, {sent} sent",
            what=self.WHAT,
            name=self._name,
            loaded=loaded,
            sent=sent,
        )
        self._is_lost = False
        self._refusals.clear()
        self._be_ready()

    def down(self, reason: str) -> None:
        """The server is lost, or was not reached: go on with the copy."""
        self._is_up = False
        if not self._is_lost:
            self._is_lost = True
            self.log.warn(
                "{what} of {name}: the server is lost: {reason}; {alone} until it is back",
                what=self.WHAT,
                name=self._name,
                reason=reason,
                alone=self.ALONE,
            )
        self._be_ready()

    def _be_ready(self) -> None:
        self._is_ready = True
        ready, self._ready = self._ready, []
        for call in ready:
            call()
