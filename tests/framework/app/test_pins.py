"""Tests of seeing and steering pins, on tables in memory and a clock of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from pointsman.app.pins import Page, Pins, SeenPin, Wanted
from pointsman.config.steps import at_once
from pointsman.contracts import Arrival, Persistence, Pin, Table
from pointsman.core.pinning import Kind, Pinning, digest
from pointsman_persistence import memory_table
from pointsman_persistence.memory_table import MemoryTable

NOW = 10_000.0
DATE = 1_700_000_000.0


class Pinned(Persistence):
    """Pins by a text; those that begin with @ are no secrets."""

    timeout = 600.0
    table: Table | None = None

    def __init__(self, table: Table | None) -> None:
        self.table = table

    def find(self, arrival: Arrival, now: float) -> str | None:
        return None

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        return False

    def forget(self, arrival: Arrival) -> None: ...

    def key_for(self, text: str) -> bytes:
        return text.encode()

    def shown(self, key: bytes) -> str:
        return key.decode() if key.startswith(b"@") else ""


class Lasting(MemoryTable):
    outlives = True


class Stage:
    """A pool `web` that goes by cookie, else by address, and a pool `mail`."""

    def __init__(self) -> None:
        self.now = NOW
        self.date = DATE
        self.cookies = MemoryTable(10_000, 600.0, 3600.0)
        self.addresses = Lasting(10_000, 600.0)
        self.mail = MemoryTable(10_000, 600.0)
        web = Pinning([Kind("cookie", Pinned(self.cookies)), Kind("ip", Pinned(self.addresses))])
        self.pinnings: Mapping[str, Pinning] = {
            "web": web,
            "mail": Pinning([Kind("ip", Pinned(self.mail))]),
            "twin": web,
            "none": Pinning([Kind("signed", Pinned(None))]),
        }
        self.cookies.restore(b"secret", Pin("a", NOW - 100.0, NOW - 10.0))
        self.addresses.restore(b"@one", Pin("a", NOW - 100.0, NOW - 20.0))
        self.addresses.restore(b"@two", Pin("b", NOW - 300.0, NOW - 30.0))
        self.mail.restore(b"@one", Pin("m", NOW - 300.0, NOW - 40.0))
        self.pins = Pins(self.pinnings, lambda: self.now, lambda: self.date)

    def seen(self, **wanted: Any) -> set[tuple[str, str, str, str]]:
        return {told(pin) for part in self.pins.slices(Wanted(**wanted)) for pin in part}


def told(pin: SeenPin) -> tuple[str, str, str, str]:
    return pin.pool, pin.kind, pin.shown, pin.server


@pytest.fixture
def stage() -> Stage:
    return Stage()


SECRET = ("web", "cookie", digest(b"secret"), "a")
WEB_ONE = ("web", "ip", "@one", "a")
WEB_TWO = ("web", "ip", "@two", "b")
MAIL_ONE = ("mail", "ip", "@one", "m")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {SECRET, WEB_ONE, WEB_TWO, MAIL_ONE}),
        ({"pool": "web"}, {SECRET, WEB_ONE, WEB_TWO}),
        ({"server": "a"}, {SECRET, WEB_ONE}),
        ({"client": "@one"}, {WEB_ONE, MAIL_ONE}),
        ({"client": "secret"}, {SECRET}),
        ({"client": "@one", "server": "m"}, {MAIL_ONE}),
        ({"client": "nobody"}, set()),
        ({"unused": 30.0}, {WEB_TWO, MAIL_ONE}),
        ({"pool": "nothing"}, set()),
    ],
)
def test_which_pins_are_meant(
    stage: Stage, wanted: dict[str, Any], expected: set[tuple[str, str, str, str]]
) -> None:
    assert stage.seen(**wanted) == expected


def test_pools_that_share_their_pins_are_told_once(stage: Stage) -> None:
    assert stage.pins.pools == ("web", "mail")


def test_without_those_in_the_memory_of_another_process(stage: Stage) -> None:
    lasting = Pins(stage.pinnings, only_lasting=True)
    assert lasting.pools == ("web",)
    assert lasting.counts() == {"web": {"a": 1, "b": 1}}


def test_a_pin_is_shown_with_its_times(stage: Stage) -> None:
    ((pin,),) = stage.pins.slices(Wanted("web", client="@two"))
    assert (pin.age, pin.unused, pin.left) == (300.0, 30.0, 570.0)
    stage.cookies.restore(b"old", Pin("a", NOW - 3500.0, NOW))
    (pin,) = [one for part in stage.pins.slices(Wanted(client="old")) for one in part]
    assert pin.left == 100.0


def test_secrets_are_shown_by_a_digest_unless_asked(stage: Stage) -> None:
    ((pin,),) = [part for part in stage.pins.slices(Wanted(client="secret")) if part]
    assert pin.shown.startswith("#")
    assert "secret" not in pin.shown
    assert pin.readable() == "secret"
    assert digest(b"secret") != digest(b"secret2")


def test_counts(stage: Stage) -> None:
    assert stage.pins.counts() == {"web": {"a": 2, "b": 1}, "mail": {"m": 1}}
    assert stage.pins.counts(Wanted("web", "a")) == {"web": {"a": 2}}


def pages(stage: Stage, limit: int) -> list[Page]:
    found: list[Page] = []
    after = ""
    while not found or after:
        found.append(at_once(stage.pins.page(Wanted(), limit, after)))
        after = found[-1].after
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_have_everything_once_and_in_order(stage: Stage, limit: int) -> None:
    found = pages(stage, limit)
    assert all(len(page.pins) == limit for page in found[:-1])
    assert 1 <= len(found[-1].pins) <= limit
    assert [told(pin) for page in found for pin in page.pins] == [
        MAIL_ONE, SECRET, WEB_ONE, WEB_TWO,
    ]  # fmt: skip


def test_pages_bear_changes_between_them(stage: Stage) -> None:
    first = at_once(stage.pins.page(Wanted(), 2))
    stage.cookies.drop(b"secret")
    stage.addresses.put(b"@a new one", "a", NOW)
    stage.mail.put(b"@a late one", "m", NOW)
    rest = at_once(stage.pins.page(Wanted(), 9, first.after))
    assert [pin.shown for pin in rest.pins] == ["@a new one", "@one", "@two"]


def test_a_page_that_is_none(stage: Stage) -> None:
    with pytest.raises(ValueError, match="no page after"):
        at_once(stage.pins.page(Wanted(), 1, "%"))


def test_long_work_is_done_in_slices(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_table, "SLICE", 10)
    for n in range(95):
        stage.mail.put(b"%d" % n, "m", NOW)
    for steps in (
        stage.pins.page(Wanted("mail"), 5),
        stage.pins.move(Wanted("mail"), "n"),
        stage.pins.drop(Wanted("mail")),
    ):
        assert sum(1 for _ in steps) == 10
    assert len(stage.mail) == 0


def test_drop(stage: Stage) -> None:
    assert at_once(stage.pins.drop(Wanted(client="@one"))) == 2
    assert stage.seen() == {SECRET, WEB_TWO}
    assert at_once(stage.pins.drop(Wanted(server="a"))) == 1
    assert at_once(stage.pins.drop(Wanted())) == 1
    assert stage.seen() == set()


def test_move_keeps_the_times(stage: Stage) -> None:
    assert at_once(stage.pins.move(Wanted("web", "a"), "b")) == 2
    assert at_once(stage.pins.move(Wanted("web"), "b")) == 0
    assert stage.pins.counts() == {"web": {"b": 3}, "mail": {"m": 1}}
    ((pin,),) = stage.pins.slices(Wanted("web", client="@one"))
    assert (pin.server, pin.age, pin.unused) == ("b", 100.0, 20.0)


def test_expire(stage: Stage) -> None:
    stage.now += 575.0  # mail's and @two were not used for 600 s
    assert at_once(stage.pins.expire()) == 2
    assert stage.pins.counts() == {"web": {"a": 2}, "mail": {}}


def exported(stage: Stage) -> list[str]:
    return [json.dumps(record) for part in stage.pins.export(Wanted()) for record in part]


def test_what_was_written_out_can_be_read_in_elsewhere(stage: Stage) -> None:
    stage.cookies.put(bytes(range(256)), "a", NOW)
    lines = exported(stage)
    other = Stage()
    at_once(other.pins.drop(Wanted()))
    other.now, other.date = 77_000.0, DATE + 50.0  # another machine, a little later
    assert [other.pins.take_in(json.loads(line)) for line in lines] == [True] * 5
    assert other.seen() == stage.seen()
    ((pin,),) = other.pins.slices(Wanted("web", client="@two"))
    assert (pin.age, pin.unused) == (350.0, 80.0)
    found = other.cookies.peek(bytes(range(256)), other.now)
    assert found is not None
    assert (found.made, found.used) == (other.now - 50.0, other.now - 50.0)


def test_what_is_over_its_time_is_not_read_in(stage: Stage) -> None:
    lines = exported(stage)
    stage.date += 580.0
    assert sorted(stage.pins.take_in(json.loads(line)) for line in lines) == [
        False, False, False, True,
    ]  # fmt: skip
    stage.date += 3000.0
    record = {**json.loads(lines[0]), "made": DATE, "used": stage.date}
    assert record["kind"] == "cookie"
    assert stage.pins.take_in(record)
    stage.date += 20.0
    assert not stage.pins.take_in({**record, "used": stage.date})  # older than max_age


GOOD: dict[str, object] = {
    "pool": "web", "kind": "ip", "key": "QG9uZQ==", "server": "a", "made": DATE, "used": DATE,
}  # fmt: skip


def bad() -> Iterable[tuple[dict[str, object], str]]:
    for name in ("pool", "kind", "key", "server", "made", "used"):
        yield {key: value for key, value in GOOD.items() if key != name}, f"needs '{name}'"
        yield {**GOOD, name: None}, f"needs '{name}'"
    yield {**GOOD, "server": ""}, "needs 'server'"
    yield {**GOOD, "used": True}, "needs 'used'"
    yield {**GOOD, "key": "x"}, "base64"
    yield {**GOOD, "pool": "zoo"}, "no pins of ip in a pool 'zoo' here"
    yield {**GOOD, "kind": "zoo"}, "no pins of zoo in a pool 'web' here"


@pytest.mark.parametrize(("record", "message"), [*bad()])
def test_what_is_no_record_is_refused(
    stage: Stage, record: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        stage.pins.take_in(record)
    assert stage.pins.take_in(GOOD)
