"""Seeing and steering the pins of what runs, those in memory, in slices of time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.defer import maybeDeferred

from kit.logs import noted_log
from kit.real_reactor import run_reactor
from pointsman.app.operating_pins import MOST_LISTED, OperatingPins
from pointsman.app.pins import Wanted
from pointsman.app.service import service as service_of
from pointsman.app.slices import SLICE
from pointsman.contracts import Table
from pointsman.core.pinning import Pinning
from pointsman.model.errors import OperatingError, UnknownNameError

CONFIG: dict[str, Any] = {
    "version": 1,
    "pools": {
        "web": {
            "persistence": {"kind": "server_cookie", "cookie": "SID", "fallback": "source_ip"},
            "health": "none",
            "servers": {"a": "127.0.0.1:1", "b": "127.0.0.1:2"},
        },
        "mail": {
            "persistence": "source_ip",
            "health": "none",
            "servers": {"a": "127.0.0.1:3", "m": "127.0.0.1:4"},
        },
        "plain": {"health": "none", "servers": {"p": "127.0.0.1:5"}},
    },
    "virtual_services": {
        name: {"listen": "127.0.0.1:0", "pool": name} for name in ("web", "mail", "plain")
    },
}


class Play:
    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.service = service_of(CONFIG, reactor)
        self.service.startService()
        self.pins: OperatingPins = self.service.operating.pins

    @property
    def now(self) -> float:
        return self.service.operating.running.clock()

    def pinning(self, pool: str) -> Pinning:
        pinning = self.service.operating.running.site.pools[pool].pinning
        assert pinning is not None
        return pinning

    def table(self, pool: str, kind: int = 0) -> Table:
        table = self.pinning(pool).kinds[kind].persistence.table
        assert table is not None
        return table

    def pin(self, pool: str, client: str, server: str, kind: int = 0) -> None:
        key = self.pinning(pool).kinds[kind].persistence.key_for(client)
        self.table(pool, kind).put(key, server, self.now)


def played(work: Any, seconds: float = 30.0) -> Any:
    async def play(reactor: Any) -> Any:
        made = Play(reactor)
        try:
            return await work(made)
        finally:
            await made.service.stopService()

    return run_reactor(play, seconds=seconds)


def filled(play: Play) -> None:
    play.pin("web", "0123456789abcdef", "a")
    play.pin("web", "192.0.2.1", "a", kind=1)
    play.pin("mail", "192.0.2.1", "m")
    play.pin("mail", "192.0.2.9", "a")


def test_pages_and_secrets() -> None:
    async def work(play: Play) -> None:
        filled(play)
        first = await play.pins.page(Wanted(), 3)
        assert [(pin.pool, pin.client, pin.server) for pin in first.pins[:2]] == [
            ("mail", "192.0.2.1", "m"),
            ("mail", "192.0.2.9", "a"),
        ]
        assert first.pins[2].client.startswith("#")
        second = await play.pins.page(Wanted(), 3, first.after, reveal=True)
        assert [(pin.client, pin.server) for pin in second.pins] == [("192.0.2.1", "a")]
        assert second.after == ""
        (secret,) = (await play.pins.page(Wanted("web", "a"), 1, reveal=True)).pins
        assert (secret.kind, secret.client) == ("server_cookie", "0123456789abcdef")

    played(work)


def test_found_and_counted() -> None:
    async def work(play: Play) -> None:
        filled(play)
        found = await play.pins.find(Wanted(client="192.0.2.1"))
        assert [(pin.pool, pin.server) for pin in found.pins] == [("web", "a"), ("mail", "m")]
        assert play.pins.counts() == {"web": {"a": 2}, "mail": {"m": 1, "a": 1}}
        assert play.pins.counts(Wanted("web")) == {"web": {"a": 2}}
        assert play.pins.counts(Wanted("plain")) == {}

    played(work)


def test_dropped_and_moved_is_said_in_the_log() -> None:
    async def work(play: Play) -> None:
        filled(play)
        with noted_log() as events:
            assert await play.pins.move(Wanted(server="a"), "b") == 2  # mail has no b
            assert await play.pins.drop(Wanted(client="192.0.2.9")) == 1
            assert await play.pins.drop(Wanted(client="nobody")) == 0
        lines = [event["log_format"] for event in events if "command" in event["log_format"]]
        assert lines == ["{count} pins moved to {server}, by command",
                         "{count} pins dropped, by command"]  # fmt: skip
        assert play.pins.counts() == {"web": {"a": 0, "b": 2}, "mail": {"m": 1}} or (
            play.pins.counts() == {"web": {"b": 2}, "mail": {"m": 1}}
        )
        assert await play.pins.expire() == 0

    played(work)


def test_out_and_in() -> None:
    async def work(play: Play) -> None:
        filled(play)
        records = [record for part in play.pins.export() for record in part]
        assert json.loads(json.dumps(records)) == records
        await play.pins.drop(Wanted())
        taken = play.pins.take_in([*records, {**records[0], "used": 0.0, "made": 0.0}])
        assert (taken.taken, taken.over, taken.wrong) == (4, 1, "")
        taken = play.pins.take_in([records[0], {"pool": 3}, records[1]])
        assert (taken.taken, taken.over) == (1, 0)
        assert taken.wrong == "a pin needs 'pool', a text"

    played(work)


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        (lambda pins: pins.page(Wanted("wbe")), UnknownNameError, "there is no pool 'wbe'; did"),
        (lambda pins: pins.counts(Wanted("x")), UnknownNameError, "there is no pool 'x'"),
        (lambda pins: pins.page(Wanted(), 0), OperatingError, "a page has 1 to"),
        (lambda pins: pins.page(Wanted(), MOST_LISTED + 1), OperatingError, "a page has 1 to"),
        (lambda pins: pins.page(Wanted(), 1, "%"), OperatingError, "there is no page after"),
        (lambda pins: pins.move(Wanted(server="a"), "z"), UnknownNameError, "called 'z' here"),
        (lambda pins: pins.move(Wanted("mail", "a"), "b"), UnknownNameError, "called 'b' here"),
    ],
)
def test_what_cannot_be(what: Any, error: type[Exception], words: str) -> None:
    async def work(play: Play) -> None:
        filled(play)
        with pytest.raises(error, match=words):
            await maybeDeferred(what, play.pins)

    played(work)


def test_many_pins_hold_no_turn_of_the_reactor_up() -> None:
    """Counted in turns, not in seconds: nothing here depends on how fast the machine is."""

    async def work(play: Play) -> None:
        table, now = play.table("mail"), play.now
        for number in range(50_000):
            table.put(b"%08d" % number, "m", now)
        turns = 0
        listing = play.pins.page(Wanted("mail"), 10)
        moving = play.pins.move(Wanted("mail", "m"), "a")

        def turned() -> None:
            nonlocal turns
            turns += 1
            if not moving.called:
                play.reactor.callLater(0, turned)

        play.reactor.callLater(0, turned)
        assert len((await listing).pins) == 10
        assert await moving == 50_000
        # The work takes far longer than a slice; the reactor turned between its slices.
        assert turns > 5
        assert SLICE < 0.01

    played(work, seconds=60.0)
