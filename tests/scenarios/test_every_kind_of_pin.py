"""Every kind of persistence, whatever the client shows and whatever became of its server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import pointsman_persistence
from kit.arrivals import Visit, connection
from kit.persistences import SERVERS, answering, asking, made
from pointsman.app.pins import Pins, Wanted
from pointsman.contracts import Arrival, Candidate, Persistence
from pointsman.core.members import Member
from pointsman.core.pinning import Kind, Pinning, digest
from pointsman.core.pool import NEW, PINNED, UNPINNED, Pool
from pointsman.core.server_states import DISABLED, DRAINING, ENABLED
from pointsman.model.cookies import read_set_cookie

RDP = b"\3\0\0\x2a\x26\xe0\0\0\0\0\0Cookie: mstshash=%b\r\n"


class InTurn:
    """A scheduler that takes one after the other, and so tells who is pinned."""

    wants_first_byte = False

    def __init__(self) -> None:
        self.turn = 0

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        self.turn += 1
        return candidates[self.turn % len(candidates)]

    def keep(self, names: Sequence[str]) -> None: ...

    def first_byte(self, candidate: Candidate, seconds: float) -> None: ...


def facts(**known: Any) -> Visit:
    arrival = connection()
    arrival.connection = arrival.connection._replace(**known)
    return arrival


@dataclass(frozen=True)
class Case:
    """One kind: what its clients show.

    Attributes:
        kind: its name.
        client: what a client shows by which it is known.
        odd: what is malformed and pins nobody.
        absent: what shows nothing of the kind; None where every client shows something.
        options: of the persistence.
        mode: where it works.
        called: what people call the client 1; "1" by default.
        shown: what is shown of it; "" for a digest.
    """

    kind: str
    client: Callable[[bytes], Visit]
    odd: Callable[[], Visit]
    absent: Callable[[], Visit] | None = asking
    options: dict[str, Any] = field(default_factory=dict)
    mode: str = "http"
    called: str = "1"
    shown: str = ""


CASES = [
    Case("source_ip", lambda who: asking(ip=f"192.0.2.{who[0]}"), lambda: asking(ip="300.1.2.3"),
         lambda: asking(ip=""), called="192.0.2.49", shown="192.0.2.49"),
    Case("server_cookie", lambda who: asking(b"Cookie: sid=" + who), lambda: asking(b"Cookie: sid"),
         options={"cookie": "sid"}),
    Case("cookie_hash", lambda who: asking(b"Cookie: a=b; c=" + who),
         lambda: asking(b"Cookie: ;;=;"), called="c=1;a=b"),
    Case("header", lambda who: asking(b"X-Tenant: " + who), lambda: asking(b"X-Tenant:"),
         options={"header": "X-Tenant"}),
    Case("host", lambda who: asking_for(who + b".example"), lambda: asking_for(b""),
         lambda: asking_for(b""), called="1.Example:80", shown="1.example"),
    Case("query", lambda who: asking(target=b"/?u=" + who), lambda: asking(target=b"/?u"),
         options={"parameter": "u"}),
    Case("uri", lambda who: asking(target=b"/" + who), lambda: asking(target=b""), None,
         called="/1", shown="/1"),
    Case("authorization", lambda who: asking(b"Authorization: Bearer " + who),
         lambda: asking(b"Authorization: NTLM ab"), called="Bearer 1"),
    Case("client_certificate", lambda who: facts(client_certificate=who * 32), connection,
         connection, called=":".join(["31"] * 32), shown="31" * 32),
    Case("tls_session", lambda who: facts(session_id=who * 32), connection, connection,
         mode="tcp", called="31" * 32),
    Case("rdp_cookie", lambda who: facts(first_bytes=RDP % who),
         lambda: facts(first_bytes=RDP[:20]), connection, mode="tcp", shown="1"),
]  # fmt: skip


def asking_for(host: bytes) -> Visit:
    arrival = asking()
    assert arrival.request is not None
    arrival.request.host = host
    return arrival


class Site:
    """A pool of three whose scheduler alone would change at each request."""

    def __init__(self, persistence: Persistence) -> None:
        self.members = {server.name: Member(server) for server in SERVERS}
        self.persistence = persistence
        self.pool = Pool("pool", [*self.members.values()], InTurn(), persistence)
        self.now = 0.0

    def goes(self, arrival: Visit) -> tuple[str, str]:
        """Where it goes, and how that was decided."""
        member = self.pool.choose(arrival, self.now)
        assert member is not None
        return member.name, self.pool.how

    def pinned_to(self, arrival: Visit) -> str:
        name, how = self.goes(arrival)
        assert how == PINNED
        return name


sites = pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])


@pytest.fixture
def site(case: Case) -> Site:
    return Site(made(case.kind, case.mode, **case.options))


def test_no_kind_is_forgotten() -> None:
    assert {case.kind for case in CASES} | {"active_cookie"} == {
        *pointsman_persistence.persistences()
    }


@sites
def test_absent(case: Case, site: Site) -> None:
    if case.absent is not None:
        went = [site.goes(case.absent()) for _ in range(6)]
        assert {how for _, how in went} == {UNPINNED}
        assert {name for name, _ in went} == {"a", "b", "c"}


@sites
def test_unknown_then_known(case: Case, site: Site) -> None:
    first, how = site.goes(case.client(b"1"))
    assert how == NEW
    other, how = site.goes(case.client(b"2"))
    assert how == NEW
    assert first != other
    for _ in range(3):
        assert site.pinned_to(case.client(b"1")) == first
        assert site.pinned_to(case.client(b"2")) == other


@sites
def test_malformed(case: Case, site: Site) -> None:
    assert {site.goes(case.odd())[1] for _ in range(6)} == {UNPINNED}


@sites
def test_over_its_time(case: Case, site: Site) -> None:
    site.goes(case.client(b"1"))
    site.now = 1199.0
    site.pinned_to(case.client(b"1"))
    site.now += 1199.0
    site.pinned_to(case.client(b"1"))
    site.now += 1200.0
    assert site.goes(case.client(b"1"))[1] == NEW


@sites
def test_deleted(case: Case, site: Site) -> None:
    arrival = case.client(b"1")
    first, _ = site.goes(arrival)
    site.persistence.forget(arrival)
    name, how = site.goes(case.client(b"1"))
    assert (how, name == first) == (NEW, False)


@sites
def test_its_server_is_down_and_comes_back(case: Case, site: Site) -> None:
    first, _ = site.goes(case.client(b"1"))
    site.members[first].set_health(False, "refused")
    second, how = site.goes(case.client(b"1"))
    assert (how, second == first) == (NEW, False)
    site.members[first].set_health(True, "200")
    assert {site.pinned_to(case.client(b"1")) for _ in range(6)} == {second}


@sites
def test_nobody_noticed_that_its_server_was_down(case: Case, site: Site) -> None:
    first, _ = site.goes(case.client(b"1"))
    site.members[first].set_health(False, "refused")
    site.members[first].set_health(True, "200")
    assert site.pinned_to(case.client(b"1")) == first


@sites
def test_its_server_is_drained(case: Case, site: Site) -> None:
    first, _ = site.goes(case.client(b"1"))
    site.members[first].set_admin(DRAINING)
    assert {site.pinned_to(case.client(b"1")) for _ in range(6)} == {first}
    assert first not in {site.goes(case.client(b"%d" % who))[0] for who in range(2, 9)}
    site.members[first].end_drain("its time is over")
    assert site.goes(case.client(b"1"))[1] == NEW


@sites
def test_its_server_is_disabled_and_enabled(case: Case, site: Site) -> None:
    first, _ = site.goes(case.client(b"1"))
    site.members[first].set_admin(DISABLED)
    second, how = site.goes(case.client(b"1"))
    assert (how, second == first) == (NEW, False)
    site.members[first].set_admin(ENABLED)
    assert site.pinned_to(case.client(b"1")) == second


@sites
def test_its_server_is_removed(case: Case, site: Site) -> None:
    first, _ = site.goes(case.client(b"1"))
    left = [member for name, member in site.members.items() if name != first]
    site.pool.change(left, ())
    site.persistence.keep([member.server for member in left])
    second, how = site.goes(case.client(b"1"))
    assert (how, second == first) == (NEW, False)
    assert site.pinned_to(case.client(b"1")) == second


@sites
def test_its_server_failed_for_this_very_request(case: Case, site: Site) -> None:
    arrival = case.client(b"1")
    first, _ = site.goes(arrival)
    member = site.pool.choose(arrival, 0.0, (site.members[first],))
    assert member is not None
    assert member.name != first
    assert site.pinned_to(case.client(b"1")) == member.name


@sites
def test_its_server_is_full_for_a_moment(case: Case, site: Site) -> None:
    first, _ = site.goes(case.client(b"1"))
    full = site.members[first]
    full._full_at = 1  # as a limit of one connection makes it
    full.begin()
    name, how = site.goes(case.client(b"1"))
    assert (how, name == first) == (NEW, False)
    full.end()
    assert site.pinned_to(case.client(b"1")) == first


# ---- the one kind whose pins are with the clients ----


class Browser:
    """A client that keeps its cookie."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookie = b""

    def asks(self) -> tuple[str, str]:
        arrival = asking(b"Cookie: pin=" + self.cookie) if self.cookie else asking()
        name, how = self.site.goes(arrival)
        head = answering()
        self.site.persistence.response(arrival, head, name, self.site.now)
        for line in head.headers.get_all(b"set-cookie"):
            cookie = read_set_cookie(line, 0.0)
            assert cookie is not None
            self.cookie = cookie.value
        return name, how


@pytest.fixture
def browser() -> Browser:
    return Browser(Site(made("active_cookie", cookie="pin")))


def test_active_cookie_absent_then_known(browser: Browser) -> None:
    first, how = browser.asks()
    assert how == NEW
    assert {browser.asks() for _ in range(5)} == {(first, PINNED)}
    other, how = Browser(browser.site).asks()
    assert how == NEW
    assert other != first


@pytest.mark.parametrize("cookie", [b"x", b"A" * 44, b"\xff", b"a;b", b"x" * 8192])
def test_active_cookie_malformed_or_deleted(browser: Browser, cookie: bytes) -> None:
    browser.cookie = cookie
    first, how = browser.asks()
    assert how == NEW
    assert browser.asks() == (first, PINNED)
    browser.cookie = b""
    assert browser.asks()[1] == NEW


@pytest.mark.parametrize("state", ["down", DISABLED, "removed"])
def test_active_cookie_of_a_server_that_is_gone(browser: Browser, state: str) -> None:
    first, _ = browser.asks()
    site = browser.site
    member = site.members[first]
    if state == "down":
        member.set_health(False, "refused")
    elif state == DISABLED:
        member.set_admin(DISABLED)
    else:
        left = [other for other in site.members.values() if other is not member]
        site.pool.change(left, ())
        site.persistence.keep([other.server for other in left])
    second, how = browser.asks()
    assert (how, second == first) == (NEW, False)
    member.set_health(True, "200")
    member.set_admin(ENABLED)
    assert {browser.asks() for _ in range(5)} == {(second, PINNED)}


def test_active_cookie_of_a_server_that_is_drained(browser: Browser) -> None:
    first, _ = browser.asks()
    browser.site.members[first].set_admin(DRAINING)
    assert {browser.asks() for _ in range(5)} == {(first, PINNED)}
    assert first not in {Browser(browser.site).asks()[0] for _ in range(6)}


# ---- two clients on one connection ----


@pytest.mark.parametrize("kind", ["server_cookie", "active_cookie"])
def test_two_cookies_on_one_connection_reach_two_servers(kind: str) -> None:
    site = Site(made(kind, cookie="pin"))
    ann, bob = Browser(site), Browser(site)
    if kind == "server_cookie":
        ann.cookie, bob.cookie = b"1", b"2"
    first, second = ann.asks()[0], bob.asks()[0]
    assert first != second
    memory: dict[object, object] = {}
    for _ in range(5):
        for client, name in ((ann, first), (bob, second)):
            arrival = asking(b"Cookie: pin=" + client.cookie)
            arrival.memory = memory
            assert site.goes(arrival) == (name, PINNED)


@sites
def test_people_find_the_pin_of_a_client(case: Case, site: Site) -> None:
    name, _ = site.goes(case.client(b"1"))
    site.goes(case.client(b"2"))
    pinning = Pinning([Kind(case.kind, site.persistence)])
    pins = Pins({"pool": pinning}, lambda: site.now)
    (seen,) = (pin for part in pins.slices(Wanted(client=case.called)) for pin in part)
    assert (seen.kind, seen.server) == (case.kind, name)
    assert seen.shown == (case.shown or digest(seen.key))
    (again,) = (pin for part in pins.slices(Wanted(client=digest(seen.key))) for pin in part)
    assert again == seen
    assert [pin for part in pins.slices(Wanted(client="nobody")) for pin in part] == []
