"""A request explained by what runs: as it is now, and without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import visit
from kit.real_reactor import run_reactor
from pointsman.app.asked import AskedError
from pointsman.app.explaining_live import likeness
from pointsman.app.service import PointsmanService
from pointsman.app.service import service as service_of
from pointsman.core.members import Member
from pointsman.core.server_states import ADMIN_STATES, AGENT_STATES
from pointsman.model.server import RealServer


@given(
    st.sampled_from(ADMIN_STATES),
    st.sampled_from(AGENT_STATES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([0.01, 0.5, 1.0]),
    st.integers(0, 200),
)
def test_a_likeness_is_in_the_same_state(
    admin: str,
    agent: str,
    up: bool,
    checking: bool,
    ejected: bool,
    begun: int,
    ended: int,
    ramp: float,
    share: int,
) -> None:
    live = Member(RealServer("a", weight=10, max_connections=3, max_rate=2))
    live.set_weight(7)
    live.set_health(up, "by its check")
    live.checking = checking
    live.set_agent(share, agent, "by its agent")
    live.set_ejected(ejected, "by its answers")
    live.set_admin(admin, "by an operator")
    live.begin_ramp(ramp)
    for _ in range(begun):
        live.begin()
    for _ in range(min(begun, ended)):
        live.end()
    like = likeness(live)
    assert like is not live
    for name in (
        "name", "server", "state", "why", "weight", "base_weight", "share", "admin", "agent",
        "up", "checking", "ejected", "ramp", "active", "total", "failures", "is_full",
        "wanted", "works", "takes_new", "takes_pinned", "keeps_pins",
    ):  # fmt: skip
        assert getattr(like, name) == getattr(live, name), name


CONFIG: dict[str, Any] = {
    "version": 1,
    "pools": {
        "web": {
            "persistence": "source_ip",
            "scheduling": "round_robin",
            "health": "none",
            "servers": {"a": "127.0.0.1:1", "b": "127.0.0.1:2"},
        },
        "api": {"health": "none", "servers": {"c": "127.0.0.1:3"}},
    },
    "virtual_services": {
        "site": {
            "listen": "127.0.0.1:0",
            "pool": "web",
            "rules": [{"when": {"path": "/api"}, "pool": "api"}],
        },
        "other": {"listen": "127.0.0.1:0", "pool": "api", "enabled": False},
    },
}


def played(work: Any) -> Any:
    async def play(reactor: Any) -> Any:
        service = service_of(CONFIG, reactor)
        service.startService()
        try:
            return await work(service)
        finally:
            await service.stopService()

    return run_reactor(play, seconds=30.0)


async def explained(service: PointsmanService, path: str = "/", source: str = "192.0.2.7") -> str:
    url = f"http://127.0.0.1:{service.ports['site'][0]}{path}"
    told = await service.operating.explain("GET", url, source=source)
    return "\n".join(told.steps)


def test_states_pins_and_counters_are_those_of_what_runs() -> None:
    async def work(service: PointsmanService) -> None:
        told = await explained(service)
        assert "comes to service site from 192.0.2.7" in told
        assert "service site is up: " in told
        assert "is not pinned" in told
        assert "candidates (weight/active): a 1000/0, b 1000/0" in told

        site = service.operating.running.site
        web = site.pools["web"]
        assert web.persistence is not None
        web.persistence.bind(visit("192.0.2.7"), "b", service.operating.running.clock())
        told = await explained(service)
        assert "source_ip 192.0.2.7 is pinned to b" in told
        assert "server b, because of its pin" in told
        assert "    GET / HTTP/1.1" in told

        a, b = web.members
        a.begin()
        service.operating.set_servers(["web/b"], "disabled")
        told = await explained(service)
        assert "b is disabled" in told
        assert "candidates (weight/active): a 1000/1" in told
        assert "server a, chosen by the scheduler round_robin" in told
        a.end()
        assert (a.total, b.total, a.active) == (1, 0, 0)

        service.operating.set_servers(["web/*"], "disabled")
        told = await explained(service)
        assert "service site is down: no server of web works" in told
        assert "no server is asked; the answer is 503" in told

    played(work)


def test_it_leaves_no_trace() -> None:
    async def work(service: PointsmanService) -> None:
        running = service.operating.running
        web = running.site.pools["web"]
        a, _ = web.members
        before = [member.total for member in web.members]
        for _ in range(5):
            await explained(service)
        assert service.operating.pins.counts() == {"web": {}}
        assert (web.unmet, web.how) == (0, "none")
        assert [member.total for member in web.members] == before
        # The pool still hears of its servers, and the next one in turn is still the first.
        service.operating.set_servers(["web/b"], "disabled")
        assert web.available == (a,)
        service.operating.set_servers(["web/b"], "enabled")
        assert web.choose(visit("198.51.100.1"), 0.0) is a
        assert [each.service.exchanges for each in running.services] == [0, 0]
        assert running.services[0].service.pool is web

    played(work)


def test_rules_have_their_say_and_a_service_may_be_named() -> None:
    async def work(service: PointsmanService) -> None:
        assert "server c" in await explained(service, "/api")
        port = service.ports["site"][0]
        told = await service.operating.explain("GET", f"http://127.0.0.1:{port}/api")
        assert told.choice is not None
        assert (told.choice["pool"], told.choice["server"]) == ("api", "c")
        url = "http://127.0.0.1/"
        told = await service.operating.explain("GET", url, service="other")
        assert told.steps[1] == "service other is disabled: each connection is closed at once"
        with pytest.raises(AskedError, match="which service is meant"):
            await service.operating.explain("GET", url)
        with pytest.raises(AskedError, match="expected a URL"):
            await service.operating.explain("GET", "ftp://x/")

    played(work)
