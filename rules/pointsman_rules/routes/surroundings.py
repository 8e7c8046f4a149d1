"""What conditions and actions of one service share: clocks, pools, files, and small memories."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pointsman.contracts import Surroundings
from pointsman.contracts.rules import RuledExchange, RuledPool, RuleRoom
from pointsman_rules.routes.addresses import Addresses, network
from pointsman_rules.routes.fields import AddressSource
from pointsman_rules.rule_tables import AnyTable

# Of a rate limit: key -> tokens, and when that was; whoever came last is at the end.
Buckets = OrderedDict[str, tuple[float, float]]

# Files are looked at this often; seconds.
LOOK = 5.0


class Around:
    """The place in which the rules of one service are compiled and work.

    Args:
        surroundings: what their maker was told.

    Attributes:
        place: of the rule that is being compiled.
        sets_cookies: some rule may call ``set_cookie``.
        made_of: all that the rules were made of beside their settings: two of equal rules and
            equal ``made_of`` do the same.
        service: its name.
        limits: the counters of all rate limits, in order: what they were made of, and their keys.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._folder = surroundings.folder
        self._room: RuleRoom | None = None
        self._files: list[Addresses] = []
        self._salts = 0
        self.sets_cookies = False
        self.service = surroundings.service
        self._sections = surroundings.sections
        self.place: tuple[str | int, ...] = ()
        self.made_of: list[object] = [
            surroundings.service, surroundings.mode, surroundings.pool, surroundings.places
        ]  # fmt: skip
        self.limits: list[tuple[object, Buckets]] = []
        self._looking: Callable[[], None] | None = None

    # ---- while rules are compiled ----

    def path(self, name: str) -> Path:
        """A file beside the configuration."""
        path = self._folder(self.place) / name
        self.made_of.append(path)
        return path

    def read(self, name: str) -> bytes:
        """What stands in such a file; read once, here. Raises OSError."""
        found = self.path(name).read_bytes()
        self.depends_on(name, found)
        return found

    def depends_on(self, *what: str | bytes) -> None:
        """The rules would be others if this were something else; it is kept as a digest only."""
        words = [each.encode() if isinstance(each, str) else each for each in what]
        self.made_of += [hashlib.sha256(each).digest() for each in words]

    def buckets(self, of: object) -> Buckets:
        """An empty memory for a rate limit that was made of these settings."""
        made: Buckets = OrderedDict()
        self.limits.append((of, made))
        return made

    def table(self, name: str) -> AnyTable:
        """A table of the section `rule_tables`. Raises ValueError: there is none of that name."""
        tables: Mapping[str, AnyTable] = self._sections.get("rule_tables", {})
        found = tables.get(name)
        if found is None:
            there = ", ".join(tables) or "none"
            raise ValueError(f"there is no table {name!r} under rule_tables; there: {there}")
        self.made_of.append(found)
        return found

    def addresses(self, source: AddressSource) -> Addresses:
        """The networks that are written there, kept as new as their files.

        Raises:
            ValueError: a file cannot be read.
        """
        made = Addresses(
            [network(text) for text in source.networks], [self.path(file) for file in source.files]
        )
        if made.has_files:
            self._files.append(made)
        return made

    def next_salt(self) -> bytes:
        """Lets each share pick clients of its own, the same after a reload."""
        self._salts += 1
        return f"{self.service}/{self._salts}".encode()[:64]

    # ---- while they work ----

    def start(self, room: RuleRoom) -> None:
        """The service runs."""
        self._room = room
        if self._files:
            self._look()

    def stop(self) -> None:
        """It ends."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking()

    def refresh(self) -> None:
        """See whether files of networks have changed."""
        for each in self._files:
            each.refresh()

    def count_on(self, before: Around) -> None:
        """Let rate limits that are made as others were have what those have counted."""
        left = [*before.limits]
        for of, buckets in self.limits:
            place = next((at for at, (other, _) in enumerate(left) if other == of), None)
            if place is not None:
                buckets.update(left.pop(place)[1])

    def _look(self) -> None:
        self.refresh()
        assert self._room is not None
        self._looking = self._room.reactor.callLater(LOOK, self._look).cancel

    @property
    def reactor(self) -> Any:
        """Twisted's, once the service runs."""
        assert self._room is not None
        return self._room.reactor

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._room.wall() if self._room is not None else time.time()

    def clock(self) -> float:
        """Monotonic seconds."""
        return self._room.clock() if self._room is not None else time.monotonic()

    def pools(self) -> Mapping[str, RuledPool]:
        """All pools, once the service runs."""
        return self._room.pools if self._room is not None else {}

    def token(self) -> str:
        """Something that nobody can guess."""
        return secrets.token_urlsafe(12)

    # ---- at one exchange ----

    def set_cookie(self, exchange: RuledExchange, line: str) -> None:
        """Let the answer set a cookie."""
        exchange.notes[self, "cookies"] = (*self.cookies(exchange), line)

    def cookies(self, exchange: RuledExchange) -> Sequence[str]:
        """The cookies that its answer is to set."""
        found = exchange.notes.get((self, "cookies"))
        return found if isinstance(found, tuple) else ()
