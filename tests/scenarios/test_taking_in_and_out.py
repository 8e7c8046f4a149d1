"""Real servers are taken out and in under the load of real clients, and nobody notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.any_reactor import own_reactor, until
from kit.nginx import load_of, nginx, wrk
from pointsman.app.service import service
from pointsman.core.server_states import DRAINING, ENABLED

SLOW_START = 4.0
LOOKS = 4


@pytest.mark.slow
def test_a_server_is_drained_and_comes_back_slowly_without_one_error(tmp_path: Path) -> None:
    with (
        nginx(tmp_path, "a") as a,
        nginx(tmp_path, "b") as b,
        own_reactor("lean") as reactor,
    ):
        config = {
            "version": 1,
            "virtual_services": {
                "site": {
                    "listen": "127.0.0.1:0",
                    "pool": {
                        "scheduling": "least_connections",
                        "health": "tcp",
                        "slow_start": f"{SLOW_START:g}s",
                        "servers": {"a": a.address, "b": b.address},
                    },
                }
            },
        }
        running = service(config, reactor)
        running.startService()
        until(reactor, lambda: running.ports["site"][0])
        assert running.site is not None
        pool = running.site.site.pools["site"]
        member = pool.members[0]
        (port,) = running.ports["site"]
        working = wrk(f"http://127.0.0.1:{port}/name", seconds=10)
        try:
            until(reactor, lambda: a.requests > 100 and b.requests > 100)

            member.set_admin(DRAINING)
            until(reactor, lambda: member.state == "disabled")  # nothing is left there
            asked = a.requests
            before = b.requests
            until(reactor, lambda: b.requests > before + 200)
            assert a.requests == asked

            member.set_admin(ENABLED)
            began = reactor.seconds()
            shares = []
            for look in range(1, LOOKS + 1):
                to_a, to_b = a.requests, b.requests
                end = began + look * SLOW_START / LOOKS
                until(reactor, lambda end=end: reactor.seconds() > end)  # type: ignore[misc]
                to_a, to_b = a.requests - to_a, b.requests - to_b
                shares.append(to_a / (to_a + to_b))
            assert shares == sorted(shares), shares
            assert shares[0] < 0.3 < shares[-1], shares
            until(reactor, lambda: member.state == "up")
            until(reactor, lambda: working.poll() is not None, 20.0)
        finally:
            load = load_of(working)
        assert load.errors == 0, load.output
        assert load.requests > 1000, load.output
        states = [change.state for change in pool.history if change.by != "health"]
        assert states == ["draining", "disabled", "slow-start", "up"]
        stopped: list[object] = []
        running.stopService().addCallback(stopped.append)
        until(reactor, lambda: stopped)
