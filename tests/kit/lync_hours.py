"""The Lync site within the test, on a clock that the test moves: hours pass in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

from kit.any_reactor import own_reactor, turn, until
from kit.lync import Step
from pointsman.app.assembly import RunningSite
from pointsman.app.demo.lync.clients import Crowd, MobileClient, trusting
from pointsman.app.demo.lync.front_end import FrontEnd
from pointsman.app.demo.lync.lab import PASSWORD, ROOT, Lab
from pointsman.app.demo.lync.places import POOL_HTTPS_PORT, free_places
from pointsman.app.demo.lync.site import PASSWORD_VARIABLE, LyncSite
from pointsman.app.loading import registry_with, site_of
from pointsman.config.load import load_text
from pointsman.net.reactor import LeanReactor

STEP = 5.0  # seconds; what is under way has to have a few of them
TURNS = 10  # in each of them
PATIENCE = 60.0
Result = TypeVar("Result")


class MovedReactor(LeanReactor):
    """A reactor whose clock can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        super().__init__()  # type: ignore[no-untyped-call]

    def seconds(self) -> float:
        return time.monotonic() + self.ahead


class LyncHours:
    """The site at work.

    Args:
        folder: for the lab's files.
        reactor: that both front ends and the balancer share.
        steps: of the article.

    Attributes:
        site: its configuration.
        front_ends: by name.
        running: the balancer.
    """

    def __init__(self, folder: Path, reactor: MovedReactor, *steps: Step) -> None:
        self.folder = folder
        self.reactor = reactor
        self.places = next(free_places(Random(), private=True))
        Lab(folder).make(dict(self.places.front_ends))
        self.front_ends: dict[str, FrontEnd] = {}
        for name, host in self.places.front_ends.items():
            self.front_ends[name] = front_end = FrontEnd(name, reactor)
            pem = str(folder / f"{name}.pem")
            front_end.listen(host, self.places.clear, self.places.secure, pem)
        self.site = LyncSite(self.places, quick=False)
        for step in steps:
            step(self.site)
        # Pins in memory: those in a file go by the machine's own clock.
        for key in ("state_dir", "access_log"):
            del self.site.document[key]
        registry = registry_with()
        environ = {PASSWORD_VARIABLE: PASSWORD}
        loaded = load_text(self.site.text, str(folder / "lync.yaml"), registry, environ)
        self.running = RunningSite(
            site_of(loaded, registry, reactor, {}),
            registry,
            reactor,
            {},
            reactor.seconds,
            lambda: time.time() + reactor.ahead,
        )
        self._threads = ThreadPoolExecutor(1)

    def start(self) -> None:
        """Let traffic in, and wait until all servers are up."""
        self.running.listen()
        self.running.begin()
        members = [member for pool in self.running.site.pools.values() for member in pool.members]
        until(self.reactor, lambda: all(member.state == "up" for member in members), PATIENCE)

    def passes(self, seconds: float) -> None:
        """Let that much time pass."""
        end = self.reactor.seconds() + seconds
        while (left := end - self.reactor.seconds()) > 0:
            self.reactor.ahead += min(STEP, left)
            for _ in range(TURNS):
                self.reactor.iterate(0)

    def while_it_runs(self, work: Callable[[], Result]) -> Result:
        """What clients do, in a thread, while time all but stands still."""
        done = self._threads.submit(work)
        until(self.reactor, done.done, PATIENCE)
        return done.result()

    def crowd(self, size: int) -> Crowd:
        """Mobile clients with an address each."""
        tls = trusting(self.folder / ROOT)
        place = self.places.pool, self.places.port(POOL_HTTPS_PORT)
        return Crowd(
            [MobileClient(place, f"127.0.1.{number}", tls) for number in range(1, size + 1)]
        )

    def stop(self) -> None:
        """End all of it."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        stopped: list[object] = []
        self.running.stop().addCallback(stopped.append)
        self.reactor.ahead += 60  # nobody is waited for
        until(self.reactor, lambda: stopped, PATIENCE)
        for front_end in self.front_ends.values():
            front_end.behave("refuse")
        for _ in range(TURNS):
            turn(self.reactor)


@contextmanager
def lync_hours(folder: Path, *steps: Step, cookie: bool) -> Iterator[LyncHours]:
    """The site as these steps leave it, on a clock that can be moved.

    Args:
        folder: for its files.
        steps: of the article.
        cookie: whether the front ends give one with each session.
    """
    with own_reactor(MovedReactor) as reactor:
        hours = LyncHours(folder, reactor, *steps)
        for front_end in hours.front_ends.values():
            front_end.gives_cookie = cookie
        try:
            hours.start()
            yield hours
        finally:
            hours.stop()
