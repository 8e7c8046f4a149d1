"""Where ``pointsman pins`` finds pins: in the program that runs, or in files while none does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

import click

Told = Mapping[str, Any]

NO_PINS = 8
# Pins that are sent in one request: no more than this, and no more bytes.
_AT_ONCE = 200
_BYTES_AT_ONCE = 48 * 1024


class WrongPin(ValueError):
    """One of the pins that were read in is wrong.

    Attributes:
        taken: so many were taken before.
        over: so many were over their time.
    """

    def __init__(self, words: str, taken: int, over: int) -> None:
        super().__init__(words)
        self.taken = taken
        self.over = over


class Source(Protocol):
    """Pins that can be seen and steered. ``which`` are pool, server, client and unused."""

    def page(self, limit: int, after: str, reveal: bool, **which: Any) -> Told:
        """Some ``pins``, and ``after`` for the next page."""

    def find(self, reveal: bool, **which: Any) -> Told:
        """All ``pins`` of a client."""

    def counts(self, pool: str) -> Mapping[str, Mapping[str, int]]:
        """Pool -> server -> how many."""

    def drop(self, **which: Any) -> int:
        """Forget these; how many."""

    def move(self, to: str, **which: Any) -> int:
        """Give these to another server; how many."""

    def expire(self) -> int:
        """Forget what is over its time; how many."""

    def export(self, **which: Any) -> Iterator[Sequence[Told]]:
        """Some at a time, to be read in again."""

    def take_in(self, records: Iterable[Told]) -> tuple[int, int]:
        """How many were taken, and how many are over their time; raises WrongPin."""


class OfRunning:
    """The pins of the program that runs, those in memory included.

    Args:
        running: asks it (app.control.asking.Asker).
    """

    def __init__(self, running: Any) -> None:
        self._running = running

    def page(self, limit: int, after: str, reveal: bool, **which: Any) -> Told:
        """Some, and where the next page begins."""
        asked = {"limit": limit, "after": after, "reveal": reveal}
        told: Told = self._running.ask("pins_list", **asked, **which)
        return told

    def find(self, reveal: bool, **which: Any) -> Told:
        """Those of a client."""
        told: Told = self._running.ask("pins_find", reveal=reveal, **which)
        return told

    def counts(self, pool: str) -> Mapping[str, Mapping[str, int]]:
        """By pool and server."""
        counts: Mapping[str, Mapping[str, int]] = self._running.ask("pins_count", pool=pool)
        return counts

    def drop(self, **which: Any) -> int:
        """Forget them."""
        # Whether enough was said is for the command to know.
        return int(self._running.ask("pins_drop", **which, all=True))

    def move(self, to: str, **which: Any) -> int:
        """Give them away."""
        return int(self._running.ask("pins_move", to=to, **which))

    def expire(self) -> int:
        """Forget what is over its time."""
        return int(self._running.ask("pins_expire"))

    def export(self, **which: Any) -> Iterator[Sequence[Told]]:
        """As they come."""
        yield from self._running.parts("pins_export", **which)

    def take_in(self, records: Iterable[Told]) -> tuple[int, int]:
        """Send them some at a time."""
        taken = over = 0
        for part in _parted(records):
            told = self._running.ask("pins_import", records=part)
            taken, over = taken + told["taken"], over + told["over"]
            if told["wrong"]:
                raise WrongPin(told["wrong"], taken, over)
        return taken, over


class InFiles:
    """The pins that a configuration keeps in files.

    Args:
        pins: these, opened (app.pins.Pins).
        servers: names of the servers of each pool.
    """

    def __init__(self, pins: Any, servers: Mapping[str, Sequence[str]]) -> None:
        self._pins = pins
        self._servers = servers

    def page(self, limit: int, after: str, reveal: bool, **which: Any) -> Told:
        """Some, and where the next page begins."""
        from pointsman.app.operating_pins import told
        from pointsman.app.pins import Wanted
        from pointsman.config.steps import at_once

        try:
            page = at_once(self._pins.page(Wanted(**which), limit, after))
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        shown = [asdict(told(pin, reveal=reveal)) for pin in page.pins]
        return {"pins": shown, "after": page.after}

    def find(self, reveal: bool, **which: Any) -> Told:
        """Those of a client."""
        from pointsman.app.operating_pins import told
        from pointsman.app.pins import Wanted

        found = [pin for part in self._pins.slices(Wanted(**which)) for pin in part]
        return {"pins": [asdict(told(pin, reveal=reveal)) for pin in found], "after": ""}

    def counts(self, pool: str) -> Mapping[str, Mapping[str, int]]:
        """By pool and server."""
        from pointsman.app.pins import Wanted

        counts: Mapping[str, Mapping[str, int]] = self._pins.counts(Wanted(pool))
        return counts

    def drop(self, **which: Any) -> int:
        """Forget them."""
        from pointsman.app.pins import Wanted
        from pointsman.config.steps import at_once

        number: int = at_once(self._pins.drop(Wanted(**which)))
        return number

    def move(self, to: str, **which: Any) -> int:
        """Give them away."""
        from pointsman.app.pins import Wanted
        from pointsman.config.steps import at_once

        meant = [which["pool"]] if which["pool"] else self._pins.pools
        able = [name for name in meant if to in self._servers[name]]
        if not able:
            raise click.UsageError(f"no server is called {to!r} here")
        wanted = [Wanted(**{**which, "pool": name}) for name in able]
        return sum(at_once(self._pins.move(each, to)) for each in wanted)

    def expire(self) -> int:
        """Forget what is over its time."""
        from pointsman.config.steps import at_once

        number: int = at_once(self._pins.expire())
        return number

    def export(self, **which: Any) -> Iterator[Sequence[Told]]:
        """Some at a time."""
        from pointsman.app.pins import Wanted

        yield from self._pins.export(Wanted(**which))

    def take_in(self, records: Iterable[Told]) -> tuple[int, int]:
        """One by one."""
        taken = over = 0
        for record in records:
            try:
                if self._pins.take_in(record):
                    taken += 1
                else:
                    over += 1
            except ValueError as error:
                raise WrongPin(str(error), taken, over) from None
        return taken, over


def _parted(records: Iterable[Told]) -> Iterator[list[Told]]:
    """Some at a time, so that a request is never too long."""
    part: list[Told] = []
    size = 0
    for record in records:
        length = len(json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        if part and (len(part) >= _AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(record)
        size += length
    if part:
        yield part


@contextmanager
def source(config: str, control: str | None, pool: str = "") -> Iterator[Source]:
    """The pins of what runs by a configuration, or of its files if nothing does; says which.

    Args:
        config: the configuration file.
        control: where what runs is reached; it must be then.
        pool: which must be there, "" for none.
    """
    from pointsman.app.commands.controlling import place_of, reached
    from pointsman.app.control.asking import Asker, UnreachableError

    place = None if control is not None else place_of(config, None)
    if place is not None:
        try:
            Asker(place).close()
            control = str(place)
        except UnreachableError:
            pass
    if control is not None:
        with reached(config, control) as running:
            click.echo("pins of the program that runs", err=True)
            yield OfRunning(running)
        return
    with _opened(config, pool) as files:
        yield files


@contextmanager
def _opened(config: str, pool: str) -> Iterator[Source]:
    """The pins that this configuration keeps in files, opened without a reactor."""
    from pointsman.app.commands.telling import tell_problems
    from pointsman.app.loading import configuration_of, registry_with
    from pointsman.app.pins import Pins
    from pointsman.app.running import CANNOT_START
    from pointsman.config.build import build
    from pointsman.model.errors import ConfigError, TableError

    registry = registry_with()
    try:
        site = build(configuration_of(config, registry), registry)
    except ConfigError as error:
        tell_problems(error.problems)
        sys.exit(1)
    try:
        if pool and pool not in site.pools:
            raise click.UsageError(f"there is no pool {pool!r}; there are {', '.join(site.pools)}")
        pinnings = {name: it.pinning for name, it in site.pools.items() if it.pinning is not None}
        opened = Pins(pinnings, only_lasting=True)
        if not opened.pools:
            click.echo(
                f"pointsman: no program that runs by {config} can be reached, and it keeps no "
                "pins in files",
                err=True,
            )
            sys.exit(NO_PINS)
        if site.state_dir is not None and not site.state_dir.exists():
            click.echo(f"pointsman: nothing was kept in {site.state_dir} yet", err=True)
            sys.exit(NO_PINS)
        for table in site.tables:
            if table.outlives:
                table.start(None)
        names = {
            name: tuple(member.name for member in it.members) for name, it in site.pools.items()
        }
        click.echo("pins in files; no program that runs by them is reached", err=True)
        yield InFiles(opened, names)
    except TableError as error:
        click.echo(f"pointsman: {error}", err=True)
        sys.exit(CANNOT_START)
    finally:
        for table in site.tables:
            table.close()
