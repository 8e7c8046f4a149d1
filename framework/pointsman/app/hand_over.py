"""Listening sockets from one configuration to the next: none is closed that is still wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.logger import Logger

from pointsman.config.listening import clash
from pointsman.config.steps import Steps
from pointsman.model.address import Address
from pointsman.model.service import ServiceSettings
from pointsman.net.listener import Listener, ListenError

Listeners = Mapping[str, Sequence[Listener]]


class HandOver:
    """Which service gets which listener: its own, one that another gives up, or a new one.

    Args:
        reactor: offers IReactorFDSet and IReactorTime.
        present: the open listeners of each service.
        wanted: the services that there shall be.

    Attributes:
        listeners: those of each wanted service, in the order of its addresses; new ones are
            paused, and closed until ``open``.
        opened: those of them that are new.
        given_up: those that nobody wants any more; they are open until ``close_given_up``.
    """

    log = Logger()

    def __init__(self, reactor: Any, present: Listeners, wanted: Sequence[ServiceSettings]) -> None:
        self._spare = {name: [*listeners] for name, listeners in present.items()}
        found: dict[tuple[str, int], Listener] = {}
        # Who keeps an address goes before who comes to it: with port 0 one is as good as another.
        for settings in wanted:
            for place, address in enumerate(settings.listen):
                if own := self._take(address, (settings.name,)):
                    found[settings.name, place] = own
        new: list[Listener] = []
        self.listeners: dict[str, tuple[Listener, ...]] = {}
        for settings in wanted:
            mine: list[Listener] = []
            for place, address in enumerate(settings.listen):
                listener = found.get((settings.name, place))
                if listener is None and (address.port or address.path):
                    listener = self._take(address, tuple(self._spare))
                if listener is None:
                    listener = Listener(reactor, address, settings.backlog, _nobody)
                    listener.pause()
                    new.append(listener)
                mine.append(listener)
            self.listeners[settings.name] = tuple(mine)
        self.opened = frozenset(new)
        self._new = new
        self.given_up = [listener for left in self._spare.values() for listener in left]

    def _take(self, address: Address, names: Sequence[str]) -> Listener | None:
        for name in names:
            for listener in self._spare.get(name, ()):
                if listener.address == address:
                    self._spare[name].remove(listener)
                    return listener
        return None

    def open(self) -> Steps[None]:
        """Bind all new addresses, in steps.

        One that overlaps with an address that is given up can only be bound once that one is
        closed. These come last, and the old one is opened again if it fails.

        Raises:
            ListenError: one cannot be had; all is as it was before.
        """
        overlapping = [new for new in self._new if any(self._in_the_way(new))]
        opened: list[Listener] = []
        closed: list[Listener] = []
        try:
            for listener in self._new:
                if listener not in overlapping:
                    listener.open()
                    opened.append(listener)
                    yield
            for listener in overlapping:
                for other in self._in_the_way(listener):
                    other.take_waiting()
                    other.close()
                    closed.append(other)
                listener.open()
                opened.append(listener)
        except BaseException:
            for listener in opened:
                listener.close()
            for listener in closed:
                self._open_again(listener)
            raise

    def _in_the_way(self, new: Listener) -> list[Listener]:
        return [old for old in self.given_up if clash(old.address, new.address)]

    def _open_again(self, listener: Listener) -> None:
        try:
            listener.open()
        except ListenError as error:
            self.log.error("lost when a reload failed: {error}", error=error)

    def undo(self) -> None:
        """Close what was opened; what overlapped with it is opened again."""
        for listener in self._new:
            listener.close()
        for listener in self.given_up:
            if listener.fileno() < 0:
                self._open_again(listener)

    def close_given_up(self) -> None:
        """Close what nobody wants; who waits in its queue is still taken in."""
        for listener in self.given_up:
            listener.take_waiting()
            listener.close()


def _nobody(sock: object, peer: object) -> None:
    """A new listener accepts nobody until it has its service."""
