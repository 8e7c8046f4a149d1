"""The pins of what runs, those in memory included: seen and steered in slices of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from pointsman.app.assembly import RunningSite
from pointsman.app.events import PINS
from pointsman.app.pins import Pins, SeenPin, Wanted
from pointsman.app.slices import Turns
from pointsman.config.nearest import nearest
from pointsman.config.steps import Steps
from pointsman.core.server_states import BY_ADMIN
from pointsman.model.errors import OperatingError, UnknownNameError

MOST_LISTED = 100_000
_ALL = Wanted()


@dataclass(frozen=True, slots=True)
class PinTold:
    """One pin, as people may see it.

    Attributes:
        pool: name of the pool.
        kind: of the persistence.
        client: the client: an address, or a digest if it is a secret that is not revealed.
        server: the server that it belongs to.
        age: seconds since the pin was made.
        unused: seconds since its last use.
        left: seconds until it is forgotten, if it is not used before.
    """

    pool: str
    kind: str
    client: str
    server: str
    age: float
    unused: float
    left: float


@dataclass(frozen=True, slots=True)
class PinsTold:
    """Some pins.

    Attributes:
        pins: these.
        after: what to ask for the next page with, "" if there is none.
    """

    pins: Sequence[PinTold]
    after: str = ""


@dataclass(frozen=True, slots=True)
class PinsTaken:
    """What became of pins that were read in, the first ones first.

    Attributes:
        taken: so many are here now.
        over: so many are over their time.
        wrong: what is wrong with the next one, at which it ended; "" if nothing is.
    """

    taken: int
    over: int
    wrong: str = ""


def told(pin: SeenPin, *, reveal: bool = False) -> PinTold:
    """A pin as people may see it; secrets are shown if they are to be revealed."""
    secret = pin.shown.startswith("#")
    return PinTold(
        pin.pool,
        pin.kind,
        pin.readable() if reveal and secret else pin.shown,
        pin.server,
        round(pin.age, 3),
        round(pin.unused, 3),
        round(pin.left, 3),
    )


class OperatingPins:
    """Sees and steers the pins of what runs.

    Args:
        turns: does what takes long.
        running: what is at work; raises OperatingError if nothing is.
    """

    log = Logger()

    def __init__(self, turns: Turns, running: Callable[[], RunningSite]) -> None:
        self._turns = turns
        self._running = running

    # ---- seeing ----

    def page(
        self, wanted: Wanted, limit: int = 100, after: str = "", *, reveal: bool = False
    ) -> Deferred[PinsTold]:
        """Pins in an order that stays, page by page.

        Args:
            wanted: which.
            limit: how many at most, 1 to MOST_LISTED.
            after: of the page before, "" for the first.
            reveal: show secrets.

        Raises:
            OperatingError: there is no such pool (UnknownNameError) or page.
        """
        if not 1 <= limit <= MOST_LISTED:
            raise OperatingError(f"a page has 1 to {MOST_LISTED} pins, not {limit}")
        return self._turns.do(self._page(self._pins(wanted), wanted, limit, after, reveal))

    def _page(
        self, pins: Pins, wanted: Wanted, limit: int, after: str, reveal: bool
    ) -> Steps[PinsTold]:
        try:
            page = yield from pins.page(wanted, limit, after)
        except ValueError as error:
            raise OperatingError(str(error)) from None
        return PinsTold([told(pin, reveal=reveal) for pin in page.pins], page.after)

    def find(self, wanted: Wanted, *, reveal: bool = False) -> Deferred[PinsTold]:
        """All pins that are wanted, as of one client, MOST_LISTED at most."""
        return self._turns.do(self._find(self._pins(wanted), wanted, reveal))

    def _find(self, pins: Pins, wanted: Wanted, reveal: bool) -> Steps[PinsTold]:
        found: list[PinTold] = []
        for part in pins.slices(wanted):
            found += [told(pin, reveal=reveal) for pin in part]
            if len(found) > MOST_LISTED:
                raise OperatingError(f"there are more than {MOST_LISTED}: list them by pages")
            yield
        return PinsTold(found)

    def counts(self, wanted: Wanted = _ALL) -> Mapping[str, Mapping[str, int]]:
        """Pool -> server -> how many pins."""
        return self._pins(wanted).counts(wanted)

    # ---- steering ----

    def drop(self, wanted: Wanted) -> Deferred[int]:
        """Forget what is wanted, all of it if nothing is said; fires with how many that was."""
        return self._turns.do(self._noted("{count} pins dropped", self._pins(wanted).drop(wanted)))

    def move(self, wanted: Wanted, server: str) -> Deferred[int]:
        """Give what is wanted to another server; fires with how many pins that was.

        Args:
            wanted: which pins; without a pool those of all pools that have such a server.
            server: name of the server.

        Raises:
            UnknownNameError: no pool that is meant has such a server.
        """
        pins, pools = self._pins(wanted), self._running().site.pools
        meant = [wanted.pool] if wanted.pool else pins.pools
        able = [name for name in meant if pools[name].member(server) is not None]
        if not able:
            known = [member.name for name in meant for member in pools[name].members]
            raise UnknownNameError(f"no server is called {server!r} here; {nearest(server, known)}")
        steps = self._move(pins, wanted, able, server)
        return self._turns.do(self._noted("{count} pins moved to {server}", steps, server))

    def _move(self, pins: Pins, wanted: Wanted, pools: Sequence[str], server: str) -> Steps[int]:
        count = 0
        for pool in pools:
            one = Wanted(pool, wanted.server, wanted.client, wanted.unused)
            count += yield from pins.move(one, server)
        return count

    def expire(self) -> Deferred[int]:
        """Forget what is over its time; fires with how many that was."""
        return self._turns.do(self._pins().expire())

    # ---- out and in ----

    def export(self, wanted: Wanted = _ALL) -> Iterator[Sequence[Mapping[str, object]]]:
        """What is wanted, some at a time, as ``take_in`` reads it; secrets are in it.

        Whoever asks for the parts lets the reactor turn between two of them.
        """
        return self._pins(wanted).export(wanted)

    def take_in(self, records: Sequence[Mapping[str, object]]) -> PinsTaken:
        """Take over some pins that were exported; not too many at a time."""
        pins = self._pins()
        taken = 0
        for number, record in enumerate(records):
            try:
                taken += pins.take_in(record)
            except ValueError as error:
                return PinsTaken(taken, number - taken, str(error))
        return PinsTaken(taken, len(records) - taken)

    # ---- how ----

    def _pins(self, wanted: Wanted = _ALL) -> Pins:
        running = self._running()
        pools = running.site.pools
        if wanted.pool and wanted.pool not in pools:
            hint = nearest(wanted.pool, pools)
            raise UnknownNameError(f"there is no pool {wanted.pool!r}; {hint}")
        pinnings = {name: it.pinning for name, it in pools.items() if it.pinning is not None}
        return Pins(pinnings, running.clock, running.shared.wall)

    def _noted(self, words: str, steps: Steps[int], server: str = "") -> Steps[int]:
        """Say in the log what was done to pins by command."""
        count = yield from steps
        if count:
            told = words.format(count=count, server=server)
            self._running().events.note(PINS, "", "", told, BY_ADMIN, "by command")
            self.log.info(f"{words}, by command", count=count, server=server)
        return count
