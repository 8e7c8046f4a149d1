"""What an operator can do, and what cannot be done and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from kit.real_reactor import run_reactor
from pointsman.app.health_try import NoServer
from pointsman.app.operating import MOST_WORDS, Operating
from pointsman.app.service import PointsmanService
from pointsman.app.service import service as service_of
from pointsman.core.members import Member
from pointsman.model.errors import ConfigError, OperatingError, ReloadError

SITE = """\
version: 1
pools:
  web: {health: none, persistence: source_ip, servers: {a: 127.0.0.1:1, b: 127.0.0.1:2}}
  "api[1]": {health: none, servers: {a: 127.0.0.1:1, c: {address: 127.0.0.1:3, weight: 7}}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
  other: {listen: "127.0.0.1:0", pool: "api[1]"}
"""


class Play:
    def __init__(self, service: PointsmanService, path: Path) -> None:
        self.service = service
        self.operating: Operating = service.operating
        self.path = path

    def member(self, full: str) -> Member:
        pool, _, name = full.partition("/")
        member = self.operating.running.site.pools[pool].member(name)
        assert member is not None
        return member

    def states(self) -> dict[str, str]:
        pools = self.operating.running.site.pools.values()
        return {f"{pool.name}/{m.name}": m.state for pool in pools for m in pool.members}


@pytest.fixture
def play(tmp_path: Path) -> Any:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)

    def played(work: Any) -> Any:
        async def play(reactor: Any) -> Any:
            service = service_of(str(path), reactor)
            service.startService()
            try:
                done = work(Play(service, path))
                return await done if hasattr(done, "__await__") else done
            finally:
                await service.stopService()

        return run_reactor(play)

    return played


def test_servers_are_taken_out_and_in(play: Any) -> None:
    def work(play: Play) -> None:
        done = play.operating.set_servers(["web/a", "c"], "maintenance", "new disks")
        assert [(each.pool, each.name, each.state) for each in done.servers] == [
            ("web", "a", "maintenance"),
            ("api[1]", "c", "maintenance"),
        ]
        assert done.servers[0].why == "by command: new disks"
        assert done.concerned == []
        done = play.operating.set_servers(["web/b"], "disabled")
        assert [(each.name, each.state) for each in done.concerned] == [("site", "down")]
        play.operating.set_servers(["*"], "enabled")
        assert set(play.states().values()) == {"up"}

    play(work)


def test_a_drain_is_told_with_its_forecast(play: Any) -> None:
    def work(play: Play) -> None:
        pinning = play.operating.running.site.pools["web"].pinning
        assert pinning is not None
        table = pinning.kinds[0].persistence.table
        assert table is not None
        table.put(b"1234", "a", play.operating.running.clock())
        (seen,) = play.operating.set_servers(["web/a"], "draining").servers
        assert seen.drain is not None
        assert seen.drain.words == (
            "1 pinned clients, 0 open, drain time ends in 5m, empty within 5m"
        )

    play(work)


def test_weights(play: Any) -> None:
    def work(play: Play) -> None:
        (seen,) = play.operating.set_weight(["c"], 0).servers
        assert (seen.weight, seen.by_command) == (0, ["weight 7 -> 0"])
        (seen,) = play.operating.set_weight(["c"], None).servers
        assert (seen.weight, seen.by_command) == (7, [])

    play(work)


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (["web/*"], ["web/a", "web/b"]),
        (["*/a"], ["web/a", "api[1]/a"]),
        (["api[1]/*"], ["api[1]/a", "api[1]/c"]),
        (["api?1]/c", "c", "b"], ["api[1]/c", "web/b"]),
    ],
)
def test_names_may_stand_for_several(play: Any, names: list[str], meant: list[str]) -> None:
    def work(play: Play) -> None:
        done = play.operating.set_servers(names, "disabled")
        assert [f"{each.pool}/{each.name}" for each in done.servers] == meant
        assert {name for name, state in play.states().items() if state == "disabled"} == {*meant}

    play(work)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["web/a", "web/x"], "there is no server 'web/x'"),
        (["web/b", "a"], "several pools have a server 'a'"),
        (["web/b", "x*"], "no POOL/SERVER is like 'x"),
        ([], "no server is named"),
    ],
)
def test_one_wrong_name_and_nothing_is_done(play: Any, names: list[str], words: str) -> None:
    def work(play: Play) -> None:
        with pytest.raises(NoServer, match=words):
            play.operating.set_servers(names, "disabled")
        with pytest.raises(NoServer, match=words):
            play.operating.set_weight(names, 3)
        assert set(play.states().values()) == {"up"}

    play(work)


def test_what_is_no_state_weight_or_reason(play: Any) -> None:
    def work(play: Play) -> None:
        for state, why in [("up", ""), ("disabled", "a\nb"), ("disabled", "x" * (MOST_WORDS + 1))]:
            with pytest.raises(OperatingError):
                play.operating.set_servers(["web/a"], state, why)
        for weight in (-1, 65536):
            with pytest.raises(OperatingError, match="a weight is 0 to 65535"):
                play.operating.set_weight(["web/a"], weight)
        assert set(play.states().values()) == {"up"}

    play(work)


def test_a_reload_keeps_what_was_set_by_command(play: Any) -> None:
    async def work(play: Play) -> None:
        play.operating.set_servers(["web/a"], "disabled")
        play.operating.set_weight(["web/b", "c"], 3)
        text = SITE.replace("weight: 7", "weight: 9").replace(
            "pool: web}", "pool: web, backlog: 9}"
        )
        play.path.write_text(text)
        plan = await play.operating.reload(str(play.path))
        assert len(plan.changes) == 2
        assert play.member("web/a").state == "disabled"
        assert play.member("web/b").weight == 3
        assert play.member("api[1]/c").weight == 9  # it is now written otherwise
        seen = await play.operating.status()
        assert seen.revision == 2
        (web, _) = seen.pools
        assert [each.by_command for each in web.servers] == [["disabled"], ["weight 1000 -> 3"]]

    play(work)


def test_a_wrong_configuration_changes_nothing(play: Any) -> None:
    async def work(play: Play) -> None:
        play.path.write_text(SITE.replace("health", "helth"))
        with pytest.raises(ConfigError) as raised:
            await play.operating.reload()
        assert [(each.line, each.column) for each in raised.value.problems] == [(3, 9), (4, 14)]
        assert (await play.operating.status()).revision == 1

    play(work)


def test_another_file_than_that_it_runs_by_is_refused(play: Any, tmp_path: Path) -> None:
    async def work(play: Play) -> None:
        (tmp_path / "other.yaml").write_text(SITE)
        with pytest.raises(ReloadError, match=r"site\.yaml, not by .*other\.yaml"):
            await play.operating.reload(str(tmp_path / "other.yaml"))
        (tmp_path / "link.yaml").symlink_to(play.path)
        assert (await play.operating.reload(str(tmp_path / "link.yaml"))).changes == ()

    play(work)


def test_what_is_not_at_work_cannot_be_seen(tmp_path: Path) -> None:
    config = {"version": 1, "virtual_services": {}}

    async def work(reactor: Any) -> None:
        service = service_of(config, reactor)
        failed: Deferred[Any] = service.operating.status()
        with pytest.raises(OperatingError, match="it is not at work"):
            await failed
        with pytest.raises(OperatingError, match="it is not at work"):
            service.operating.set_servers(["a"], "enabled")

    run_reactor(work)
