"""Host names of real servers: resolved off the hot path, again and again, last good answer kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from twisted.logger import Logger
from zope.interface import implementer

LOOKUP_LIMIT = 30.0  # seconds until a lookup without an end counts as failed
RETRY = 5.0  # seconds between lookups of a name that does not resolve


class Names:
    """What host names stand for now, known without waiting.

    Looking up is the reactor's ``nameResolver`` matter (by default getaddrinfo in threads), so
    /etc/hosts, search domains and the host's own resolver count.

    Args:
        reactor: IReactorTime and IReactorPluggableNameResolver.
        interval: seconds between two lookups of a name.
        patience: seconds that ``start`` waits for the first answers at most.

    Attributes:
        interval: as above; another one after a reload.
    """

    log = Logger()

    def __init__(self, reactor: Any, interval: float = 60.0, patience: float = 5.0) -> None:
        self._reactor = reactor
        self.interval = interval
        self._patience = patience
        self._names: dict[str, _Name] = {}
        self._running = False
        self._waiting: Deferred[None] | None = None
        self._bound: Any = None

    def watch(self, host: str) -> None:
        """Keep that name resolved; once started, its first lookup begins now."""
        if host not in self._names:
            self._names[host] = name = _Name(host)
            if self._running:
                self._look_up(name)

    def keep(self, hosts: Collection[str]) -> None:
        """Look up only these from now on, and forget the others."""
        for host in [host for host in self._names if host not in hosts]:
            self._names.pop(host).cancel()
        self._see_who_is_missing()

    def settled(self) -> Deferred[None]:
        """Fires when each watched name was answered or has failed, or patience ends."""
        waiting: Deferred[None] = Deferred()
        self._stop_waiting()
        self._waiting = waiting
        self._bound = self._reactor.callLater(self._patience, self._stop_waiting)
        self._see_who_is_missing()
        return waiting

    def addresses(self, host: str) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses as text, in the resolver's order; empty if none is known."""
        name = self._names.get(host)
        return name.addresses if name is not None else ()

    def start(self) -> Deferred[None]:
        """Begin to resolve; fires when each name was answered or failed, or patience ends."""
        self._running = True
        for name in list(self._names.values()):
            self._look_up(name)
        return self.settled()

    def stop(self) -> None:
        """Look nothing up any more; what is known stays known. Stopping twice is fine."""
        self._running = False
        self._stop_waiting()
        for name in self._names.values():
            name.cancel()

    def _look_up(self, name: _Name) -> None:
        name.cancel()
        name.timer = self._reactor.callLater(LOOKUP_LIMIT, self._failed, name, "no answer")
        name.lookup = lookup = _Lookup(self, name)
        try:
            self._reactor.nameResolver.resolveHostName(lookup, name.host)
        except Exception as error:  # a resolver of somebody else's: its trouble must not stop us
            self._failed(name, str(error) or type(error).__name__)

    def answered(self, lookup: _Lookup) -> None:
        """A lookup is over; no addresses means that it failed."""
        name = lookup.name
        if name.lookup is not lookup or not self._running:
            return  # it came after its time, another one is under way
        if not lookup.found:
            self._failed(name, "no such name, or no answer")
            return
        found = tuple(dict.fromkeys(lookup.found))
        if found != name.addresses or name.failing:
            self.log.info("{host} is {addresses}", host=name.host, addresses=", ".join(found))
        name.addresses = found
        name.failing = False
        self._settle(name, self.interval)

    def _failed(self, name: _Name, why: str) -> None:
        if not name.failing:
            kept = ", ".join(name.addresses) or "none"
            self.log.warn(
                "cannot resolve {host}: {why}; addresses that are kept: {kept}",
                host=name.host,
                why=why,
                kept=kept,
            )
        name.failing = True
        self._settle(name, min(RETRY, self.interval))

    def _settle(self, name: _Name, seconds: float) -> None:
        name.cancel()
        name.asked = True
        name.timer = self._reactor.callLater(seconds, self._look_up, name)
        self._see_who_is_missing()

    def _see_who_is_missing(self) -> None:
        if all(name.asked for name in self._names.values()):
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            if self._bound.active():
                self._bound.cancel()
            waiting.callback(None)


class _Name:
    """One watched name: what is known of it, and what is under way for it."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.addresses: tuple[str, ...] = ()
        self.asked = False  # a first answer or failure has been seen
        self.failing = False
        self.timer: Any = None
        self.lookup: _Lookup | None = None

    def cancel(self) -> None:
        """Forget what is under way; a thread that is in getaddrinfo ends unheard."""
        timer, self.timer = self.timer, None
        if timer is not None and timer.active():
            timer.cancel()
        self.lookup = None


@implementer(IResolutionReceiver)
class _Lookup:
    """One lookup: gathers addresses until it is complete."""

    def __init__(self, names: Names, name: _Name) -> None:
        self.name = name
        self.found: list[str] = []
        self._names = names

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """Nothing to note: a lookup is given up by not listening."""

    def addressResolved(self, address: IAddress) -> None:
        """One more address."""
        if isinstance(address, IPv4Address | IPv6Address):
            self.found.append(address.host)

    def resolutionComplete(self) -> None:
        """That was all."""
        self._names.answered(self)
