"""The way back: old files put back and worked by, and changes that go unless they are confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.threads import deferToThreadPool

from kit.real_reactor import run_reactor
from pointsman.app.past import Past
from pointsman.app.reload import Reloading
from pointsman.app.revisions import COMMAND, PROGRAM, ROLLBACK, SIGNAL, START, UNDO
from pointsman.app.service import PointsmanService
from pointsman.app.service import service as service_of
from pointsman.model.errors import ConfigError, ReloadError

SITE = """\
version: 1  # as written by hand
defaults: {timeouts: {idle: 60s}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: {health: none, servers: {a: "127.0.0.1:1"}}}
"""
SOON = 0.02  # seconds


def idle(seconds: int) -> str:
    return SITE.replace("60s", f"{seconds}s")


class Play:
    """A service that goes by a file, for one test."""

    def __init__(self, reactor: EPollReactor, path: Path) -> None:
        self.reactor = reactor
        self.path = path
        self.path.write_text(SITE)
        self.service: PointsmanService = service_of(str(path), reactor)
        self.service.startService()

    @property
    def reloading(self) -> Reloading:
        return self.service.reloading

    @property
    def past(self) -> Past:
        return self.service.reloading.past

    @property
    def idle(self) -> int:
        """What is in force."""
        site = self.service.site
        assert site is not None
        return int(site.services[0].service.settings.timeouts.idle)

    @property
    def written(self) -> int:
        """What stands in the file."""
        return next(n for n in range(1, 200) if idle(n) == self.path.read_text())

    async def reload(self, seconds: int, **more: Any) -> None:
        self.path.write_text(idle(seconds))
        await self.reloading.change(by=COMMAND, **more)

    async def numbers(self) -> list[tuple[int, str, int]]:
        return [(each.number, each.by, each.restores) for each in await self.past.history()]

    async def until(self, true: Callable[[], bool]) -> None:
        for _ in range(3000):
            if true():
                return
            await self.pause()
        raise AssertionError("it did not come true")

    def pause(self) -> Deferred[None]:
        paused: Deferred[None] = Deferred()
        self.reactor.callLater(0.005, paused.callback, None)
        return paused

    def thread(self, work: Any) -> Deferred[Any]:
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work)


def played(path: Path, work: Callable[[Play], Awaitable[None]]) -> None:
    async def play(reactor: EPollReactor) -> None:
        made = Play(reactor, path)
        try:
            await work(made)
        finally:
            await made.service.stopService()

    run_reactor(play, seconds=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.yaml"


def test_each_revision_is_kept_with_what_it_changed(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(5)
        first, second = await play.past.history()
        assert (first.number, first.by, first.changes) == (1, START, ())
        assert (second.number, second.by) == (2, COMMAND)
        assert (second.changes, second.count) == (("defaults.timeouts.idle 1m -> 5s",), 1)
        assert [file.text for file in second.files] == [idle(5)]
        assert second.files[0].name == str(path)

    played(path, work)


def test_undo_goes_back_step_by_step(path: Path) -> None:
    async def work(play: Play) -> None:
        for seconds in (2, 3):
            await play.reload(seconds)
        plan = await play.past.undo()
        assert len(plan.changes) == 1
        assert (play.idle, play.written, play.reloading.number) == (2, 2, 4)
        await play.past.undo()
        assert (play.idle, play.written) == (60, 60)
        with pytest.raises(ReloadError, match="no revision before 1 is kept"):
            await play.past.undo()
        assert await play.numbers() == [
            (1, START, 0), (2, COMMAND, 0), (3, COMMAND, 0), (4, UNDO, 2), (5, UNDO, 1),
        ]  # fmt: skip
        await play.past.undo(3)
        assert (play.idle, play.written) == (3, 3)

    played(path, work)


def test_reading_the_same_files_again_is_no_revision_and_not_in_the_way_of_undo(
    path: Path,
) -> None:
    async def work(play: Play) -> None:
        await play.reload(2)
        for _ in range(3):  # as each rotation of logs does
            await play.reloading.change(by=SIGNAL)
        assert (await play.numbers(), play.reloading.number) == (
            [(1, START, 0), (2, COMMAND, 0)],
            2,
        )
        await play.past.undo()
        assert (play.idle, play.written) == (60, 60)

    played(path, work)


def test_undo_does_not_lead_to_what_was_rolled_back(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2)
        await play.reload(3, confirm=SOON)
        await play.until(lambda: play.reloading.number == 4)
        await play.reload(5)
        await play.past.undo()
        assert (play.idle, play.written) == (2, 2)
        await play.past.undo()
        assert (play.idle, play.written) == (60, 60)

    played(path, work)


def test_undo_of_what_was_changed_by_hand_is_refused_unless_forced(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2)
        path.write_text(idle(99))
        with pytest.raises(ReloadError, match="was changed since it was read"):
            await play.past.undo()
        assert (play.idle, play.written) == (2, 99)
        await play.past.undo(force=True)
        assert (play.idle, play.written) == (60, 60)

    played(path, work)


def test_an_undo_that_fails_changes_neither_file_nor_site(path: Path) -> None:
    async def work(play: Play) -> None:
        certificates = "certificates: {c: {pem: gone.pem}}\n"
        broken = SITE + certificates
        await play.reload(2)
        # As if a file that it needs had been there when it was in force.
        revisions = play.past.revisions
        good = revisions.get(1).files[0]
        revisions.add(COMMAND, (), [type(good)(good.name, broken)])
        await play.reload(3)
        with pytest.raises(ConfigError):
            await play.past.undo(3)
        assert (play.idle, play.written) == (3, 3)

    played(path, work)


@pytest.mark.parametrize(
    ("to", "message"),
    [(2, "the files of revision 2 are in force already"), (7, "there is no revision 7")],
)
def test_undo_to_nowhere_is_refused(path: Path, to: int, message: str) -> None:
    async def work(play: Play) -> None:
        await play.reload(2)
        with pytest.raises(ReloadError, match=message):
            await play.past.undo(to)

    played(path, work)


def test_what_was_given_in_code_cannot_be_put_back(path: Path) -> None:
    async def work(play: Play) -> None:
        config = {
            "version": 1,
            "virtual_services": {
                "site": {
                    "listen": "127.0.0.1:0",
                    "pool": {"health": "none", "servers": {"a": "127.0.0.1:1"}},
                }
            },
        }
        await play.reloading.change(config)
        await play.reloading.change()
        assert await play.numbers() == [(1, START, 0), (2, PROGRAM, 0), (3, PROGRAM, 0)]
        with pytest.raises(ReloadError, match="revision 2 was given in code"):
            await play.past.undo()

    played(path, work)


# ---- changes that wait to be confirmed ----


def test_unless_it_is_confirmed_all_is_as_it_was(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2, confirm=SOON)
        assert (play.idle, play.written) == (2, 2)
        await play.until(lambda: play.idle == 60)
        await play.until(lambda: play.reloading.number == 3)
        assert play.written == 60
        assert await play.numbers() == [(1, START, 0), (2, COMMAND, 0), (3, ROLLBACK, 1)]
        assert play.past.unconfirmed is None
        await play.reload(3)

    played(path, work)


def test_confirmed_it_stays(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2, confirm=3600.0)
        assert await play.past.confirm() == 2
        assert play.past.unconfirmed is None
        with pytest.raises(ReloadError, match="nothing waits to be confirmed"):
            await play.past.confirm()
        assert (play.idle, play.written) == (2, 2)

    played(path, work)


def test_while_it_waits_nothing_else_changes(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2, confirm=3600.0)
        with pytest.raises(ReloadError, match="revision 2 waits to be confirmed"):
            await play.reload(3)
        assert play.idle == 2
        path.write_text(idle(2))
        plan = await play.past.undo()
        assert len(plan.changes) == 1
        assert (play.idle, play.written, play.past.unconfirmed) == (60, 60, None)

    played(path, work)


def test_undo_to_another_one_does_not_confirm(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2)
        await play.reload(3, confirm=3600.0)
        with pytest.raises(ReloadError, match="revision 3 waits to be confirmed"):
            await play.past.undo(1)
        await play.past.undo(2)
        assert (play.idle, play.written) == (2, 2)

    played(path, work)


def test_what_was_written_meanwhile_is_not_lost(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2, confirm=3600.0)
        path.write_text(idle(99))
        with pytest.raises(ReloadError, match="its files do not stand"):
            await play.past.undo()
        assert (play.idle, play.written) == (60, 99)

    played(path, work)


def test_who_cannot_be_rolled_back_is_not_changed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(play: Play) -> None:
        monkeypatch.setattr("os.access", lambda path, mode: False)
        with pytest.raises(ReloadError, match="it could not be rolled back"):
            await play.reload(2, confirm=1.0)
        assert (play.idle, play.reloading.number) == (60, 1)

    played(path, work)


def test_a_change_that_fails_waits_for_nothing(path: Path) -> None:
    async def work(play: Play) -> None:
        path.write_text("version: 2\n")
        with pytest.raises(ConfigError):
            await play.reloading.change(confirm=SOON)
        assert play.past.unconfirmed is None

    played(path, work)


def test_who_ends_unconfirmed_begins_again_with_what_was_confirmed(path: Path) -> None:
    async def work(play: Play) -> None:
        await play.reload(2, confirm=3600.0)

    played(path, work)
    assert path.read_text() == SITE


def test_over_a_restart_the_way_back_is_kept(path: Path) -> None:
    kept = idle(60) + "state_dir: kept\n"

    async def first(play: Play) -> None:
        path.write_text(kept)
        await play.reloading.change()
        path.write_text(kept.replace("60s", "2s"))
        await play.reloading.change()

    async def second(play: Play) -> None:
        assert [by for _, by, _ in await play.numbers()] == [START]
        path.write_text(kept.replace("60s", "3s"))
        await play.reloading.change()
        plan = await play.past.undo(3)
        assert len(plan.changes) == 1
        assert path.read_text() == kept.replace("60s", "2s")

    played(path, first)
    played(path, second)
