"""Active cookies: written when they must be, believed when they may be."""

from collections.abc import Mapping

import pytest

from kit.arrivals import Visit, connection
from kit.persistences import answering, asking
from pointsman.model.server import RealServer
from pointsman_persistence import active_cookie
from pointsman_persistence.active_cookie import ActiveCookie
from pointsman_persistence.inserted import Inserted
from pointsman_persistence.tokens import Tokens

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
BEGIN = 20_000 * DAY


class Browser:
    """A client that keeps its cookie, and an hour hand."""

    def __init__(
        self,
        timeout: float = 0.0,
        max_age: float = 0.0,
        rotate: float = 7 * DAY,
        secret: bytes = b"s" * 32,
        previous: bytes = b"",
    ) -> None:
        self.wall = BEGIN
        tokens = Tokens(secret, "pool", rotate, previous)
        self.pins = ActiveCookie(tokens, Inserted(b"pin"), timeout, max_age, lambda: self.wall)
        self.pins.keep([RealServer("a"), RealServer("b")])
        self.cookie = b""
        self.written = 0

    def arrival(self) -> Visit:
        return asking(b"Cookie: x=y; pin=" + self.cookie) if self.cookie else asking()

    def asks(self, chosen: str = "") -> str | None:
        """One request and its answer; ``chosen`` is given to it if it belongs nowhere."""
        arrival = self.arrival()
        member = self.pins.find(arrival, 0.0)
        if member is None and chosen:
            self.pins.bind(arrival, chosen, 0.0)
        head = answering(b"Content-Length: 0")
        self.pins.response(arrival, head, member or chosen, 0.0)
        for line in head.headers.get_all(b"set-cookie"):
            self.cookie = line.partition(b";")[0].removeprefix(b"pin=")
            self.written += 1
        return member


def test_it_is_written_once() -> None:
    browser = Browser()
    assert browser.asks("b") is None
    for _ in range(5):
        browser.wall += 10 * MINUTE
        assert browser.asks() == "b"
    assert browser.written == 1
    assert browser.pins.table is None
    assert not browser.pins.wants_request
    assert browser.pins.wants_response


def test_a_client_that_lost_its_server_is_told_of_the_next() -> None:
    browser = Browser()
    browser.asks("b")
    arrival = browser.arrival()
    assert browser.pins.find(arrival, 0.0) == "b"
    browser.pins.forget(arrival)
    head = answering()
    browser.pins.response(arrival, head, "a", 0.0)
    assert b"Set-Cookie" not in head.headers
    browser.pins.bind(arrival, "a", 0.0)
    browser.pins.response(arrival, head, "a", 0.0)
    assert b"Set-Cookie" in head.headers


def test_a_guest_of_another_server_keeps_its_cookie() -> None:
    browser = Browser()
    browser.asks("b")
    arrival, head = browser.arrival(), answering()
    assert browser.pins.find(arrival, 0.0) == "b"
    browser.pins.response(arrival, head, "a", 0.0)  # b was full
    assert b"Set-Cookie" not in head.headers


def test_the_time_runs_from_the_last_use() -> None:
    browser = Browser(timeout=20 * MINUTE)
    browser.asks("b")
    for _ in range(100):
        browser.wall += 19 * MINUTE
        assert browser.asks() == "b"
    browser.wall += 25 * MINUTE  # a quarter more, for it is not written at each use
    assert browser.asks() is None
    assert browser.pins.refused == {"expired": 1}


def test_it_is_written_anew_after_a_quarter_of_its_time() -> None:
    browser = Browser(timeout=20 * MINUTE)
    browser.asks("b")
    for _ in range(60):
        browser.wall += MINUTE
        assert browser.asks() == "b"
    assert browser.written == 13
    browser.wall += 4 * MINUTE
    browser.asks()
    assert browser.written == 13
    browser.wall += 20 * MINUTE  # 24 since it was written, 20 since it was used
    assert browser.asks() == "b"


def test_it_can_have_an_end_however_much_it_is_used() -> None:
    browser = Browser(timeout=20 * MINUTE, max_age=HOUR)
    browser.asks("b")
    for _ in range(5):
        browser.wall += 10 * MINUTE
        assert browser.asks() == "b"
    browser.wall += 10 * MINUTE
    assert browser.asks("a") is None
    assert browser.asks() == "a"


def test_open_work_keeps_it_in_use() -> None:
    browser = Browser(timeout=20 * MINUTE)
    browser.asks("b")
    arrival = browser.arrival()
    assert browser.pins.find(arrival, 0.0) == "b"
    for _ in range(60):  # a WebSocket of ten hours
        browser.wall += 10 * MINUTE
        browser.pins.touch(arrival, 0.0)
    browser.wall += 19 * MINUTE
    assert browser.asks() == "b"
    assert browser.asks() == "b"
    browser.wall += 26 * MINUTE
    assert browser.asks() is None


def test_work_that_began_with_the_cookie_keeps_it_in_use() -> None:
    browser = Browser(timeout=20 * MINUTE)
    arrival, head = asking(), answering()
    browser.pins.bind(arrival, "b", 0.0)
    browser.pins.response(arrival, head, "b", 0.0)
    browser.cookie = (head.headers.get(b"set-cookie") or b"")[4:].partition(b";")[0]
    browser.wall += 10 * HOUR
    browser.pins.touch(arrival, 0.0)
    assert browser.asks() == "b"


def test_what_is_remembered_of_clients_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active_cookie, "_MOST_KEPT", 10)
    browser = Browser(timeout=20 * MINUTE)
    for _ in range(50):
        browser.wall += 1
        browser.cookie = b""
        browser.asks("b")
        arrival = browser.arrival()
        assert browser.pins.find(arrival, 0.0) == "b"
        browser.pins.touch(arrival, 0.0)
        assert len(browser.pins._open) <= 10
        assert len(browser.pins._believed) <= 10


def test_without_a_timeout_nothing_is_remembered_of_open_work() -> None:
    browser = Browser()
    browser.asks("b")
    browser.pins.touch(browser.arrival(), 0.0)
    assert not browser.pins._open


@pytest.mark.parametrize(
    ("later", "member", "written", "refused"),
    [
        (6 * DAY, "b", 1, {}),
        (8 * DAY, "b", 2, {}),
        (13 * DAY, "b", 2, {}),
        (15 * DAY, None, 1, {"outdated": 1}),
    ],
)
@pytest.mark.parametrize("read_before", [True, False])
def test_a_cookie_of_a_key_that_is_gone_is_not_believed(
    later: float, member: str | None, written: int, refused: Mapping[str, int], read_before: bool
) -> None:
    browser = Browser()
    browser.wall = 2860 * 7 * DAY
    browser.asks("b")
    if read_before:
        browser.asks()
    browser.wall += later
    assert browser.asks() == member
    assert browser.written == written
    assert browser.pins.refused == refused


def test_a_cookie_of_the_secret_before_is_written_anew() -> None:
    old = Browser()
    old.asks("b")
    new = Browser(secret=b"n" * 32, previous=b"s" * 32)
    new.cookie = old.cookie
    assert new.asks() == "b"
    assert new.written == 1
    assert new.cookie != old.cookie


@pytest.mark.parametrize(
    "cookie",
    [b"x", b"b", b"a" * 44, b"=" * 44, b"\xff" * 44, b"x" * 8192, b"1" * 40, b"10.0.0.1:80"],
)
def test_what_is_not_ours_is_counted_and_replaced(cookie: bytes) -> None:
    browser = Browser()
    browser.cookie = cookie
    assert browser.asks("a") is None
    assert browser.asks() == "a"
    assert sum(browser.pins.refused.values()) == 1


def test_a_member_that_is_gone() -> None:
    browser = Browser()
    browser.asks("b")
    browser.asks()
    browser.pins.keep([RealServer("a")])
    assert browser.asks() is None
    assert browser.pins.refused == {"removed": 1}
    browser.pins.keep([RealServer("a"), RealServer("b")])
    assert browser.asks() == "b"


def test_after_a_restart_with_the_same_secret_it_is_still_good() -> None:
    before, after = Browser(), Browser()
    before.asks("b")
    after.cookie = before.cookie
    assert after.asks() == "b"


def test_servers_need_not_see_it() -> None:
    tokens = Tokens(b"s" * 32, "pool")
    pins = ActiveCookie(tokens, Inserted(b"pin", strip=True))
    assert pins.wants_request
    head = asking(b"Cookie: a=1; pin=2").request
    assert head is not None
    pins.request(asking(), head, "a")
    assert head.headers.get(b"cookie") == b"a=1"


def test_a_connection_has_no_cookie() -> None:
    browser = Browser(timeout=MINUTE)
    arrival = connection()
    assert browser.pins.find(arrival, 0.0) is None
    browser.pins.touch(arrival, 0.0)
    assert not browser.pins._open
