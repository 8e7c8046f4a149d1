"""What rules wait for: time, and requests to servers of a pool."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from pointsman_rules.pool_functions import PoolFunctions

Done = Callable[..., None]  # (ok, value, ...): what waits goes on
Cancel = Callable[[], None]
LARGEST = 1 << 20  # bytes of a body that is fetched
LONGEST = 3600.0
# In the place of a name: that of the server itself.
HOST = "*"


class Waits:
    """Begins what a rule waits for.

    Attributes:
        reactor: None until the service runs; then nothing can wait yet.
        trust: whom to believe about certificates; None for those whom the system believes.
    """

    def __init__(self, pools: PoolFunctions) -> None:
        self.reactor: Any = None
        self.trust: Any = None
        self._pools = pools
        self._turn = 0

    def begin(self, what: str, given: tuple[Any, ...], done: Done) -> Cancel:
        """Begin it; ``done`` is called later, never from within."""
        if what == "sleep":
            delay = max(0.0, min(float(given[0]), LONGEST))
            call = self.reactor.callLater(delay, done, True)
            return lambda: call.cancel() if call.active() else None
        if what == "fetch":
            return self._fetch(given, done)
        later = self.reactor.callLater(0, done, False, f"nothing is known of {what!r}")
        return lambda: later.cancel() if later.active() else None

    def _fetch(self, given: tuple[Any, ...], done: Done) -> Cancel:
        pool, method, path, body, tls, *flat = given
        there = self._pools.pools.get(pool)
        servers = there.available if there is not None else ()
        why = "" if servers else (
            f"there is no pool '{pool}'" if there is None else f"no server of {pool} is up"
        )  # fmt: skip
        if why:
            later = self.reactor.callLater(0, done, False, f"http.fetch: {why}")
            return lambda: later.cancel() if later.active() else None
        self._turn += 1
        server = servers[self._turn % len(servers)].server
        if tls == HOST:
            tls = server.address.host
        headers = list(zip(flat[::2], flat[1::2], strict=True))
        fetching = importlib.import_module("pointsman_rules.fetching")
        cancel: Cancel = fetching.fetch(
            self.reactor,
            server.address,
            pool,
            (method, path, headers, body),
            LARGEST,
            done,
            tls,
            self.trust,
        )
        return cancel
