"""Testers and the access log are told, and nobody else is."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.recorded_sides import RecordedUpstream
from kit.recorders import FACTS
from kit.rulebooks import PlannedRules
from kit.ruled_stage import RuledStage
from pointsman.contracts.rules import RuleRoom
from pointsman.core.explaining_rules import FIELD, ExplainingRules
from pointsman.core.pool import Pool
from pointsman.model.decision import Forward
from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.service import Network

SECRET = b"0123456789abcdef"
HEADER = b"X-Pointsman-Explain"
NOW = 1_700_000_000


def token(until: int = NOW + 60, secret: bytes = SECRET) -> bytes:
    text = b"%d" % until
    return text + b"." + hmac.digest(secret, text, "sha256").hex().encode()


class Room:
    """Where the rulebook works."""

    def __init__(self, pools: dict[str, Pool]) -> None:
        self.pools = pools

    def clock(self) -> float:
        return 100.0

    def wall(self) -> float:
        return float(NOW)


class Told:
    """One exchange with the rulebook, and what became of it."""

    def __init__(
        self,
        sent: bytes | None = None,
        plans: dict[str, Any] | None = None,
        failing: int = 0,
        bound: bool = False,
        **options: Any,
    ) -> None:
        book = ExplainingRules(HEADER, **options)
        others = [PlannedRules(**plans)] if plans else []
        stage = self.stage = RuledStage(book, *others, servers=2)
        room: Any = Room({"pool": stage.pool, "other": stage.other})
        checked: RuleRoom = room
        book.start(checked)
        self.sent: list[RequestHead] = []
        stage.client.request_bytes = self._sent  # type: ignore[method-assign]
        fields = [(b"Host", b"h"), *([(HEADER, sent)] if sent is not None else [])]
        if bound:
            upstream = RecordedUpstream(stage.members[1], stage.exchange, reused=True)
            upstream.wait_for(stage.client)
        stage.asks(RequestHead(b"GET", b"/", Headers(fields), host=b"h"))
        for _ in range(failing):
            stage.upstreams.last.fails()
        if not bound:
            stage.upstreams.last.connects()
        self.head = ResponseHead(200, Headers())
        stage.ruled.response_began(self.head, b"", True)
        stage.check_it_is_over()
        book.stop()

    def _sent(self, head: RequestHead) -> bytes:
        self.sent.append(head)
        return b"GET /"

    @property
    def header(self) -> bytes | None:
        return self.head.headers.get(HEADER)

    @property
    def logged(self) -> str | None:
        return (self.stage.record.fields or {}).get(FIELD)


def test_the_log_is_told_of_every_request_and_the_client_of_none() -> None:
    told = Told(log=True)
    assert told.logged is not None
    assert told.logged.startswith("pool pool; there is no persistence, FirstOf chooses: a; cand")
    assert told.header is None


@pytest.mark.parametrize("until", [NOW, NOW + 60])
def test_who_sends_a_token_is_told_and_the_server_does_not_see_it(until: int) -> None:
    told = Told(token(until), secret=SECRET)
    assert told.header is not None
    assert b"FirstOf chooses: a" in told.header
    assert [head.headers.get(HEADER) for head in told.sent] == [None]
    assert told.logged is None


@pytest.mark.parametrize(
    "sent",
    [
        None, b"", b"1", b".", token(NOW - 1), token(secret=b"another secret...."),
        token()[:-1], token() + b"0", token().replace(b".", b""), b"9" * 5000 + token()[10:],
        b"%d.\xff" % (NOW + 60), token().upper(),
    ],
)  # fmt: skip
def test_who_sends_none_that_is_good_is_not_told(sent: bytes | None) -> None:
    assert Told(sent, secret=SECRET).header is None


def test_without_a_secret_no_token_is_good() -> None:
    assert Told(token(secret=b""), log=True).header is None
    assert Told(token(), networks=(ipaddress.ip_network("10.0.0.0/8"),)).header is None


@pytest.mark.parametrize(
    ("network", "shown"),
    [("192.0.2.0/24", True), ("198.51.100.0/24", False), ("2001:db8::/32", False)],
)
def test_who_comes_from_where_testers_come_from_is_told(network: str, shown: bool) -> None:
    networks: tuple[Network, ...] = (ipaddress.ip_network(network),)
    assert FACTS.peer_ip == "192.0.2.1"
    assert (Told(networks=networks).header is not None) is shown


def test_another_pool_that_a_rule_has_chosen_is_explained_instead() -> None:
    told = Told(log=True, plans={"request": Forward("other")})
    assert told.logged is not None
    assert told.logged.startswith("pool other; there is no persistence, FirstOf chooses: x; ")


def test_servers_that_rules_name() -> None:
    for plans in ({"request": Forward("", "b")}, {"select": "b"}):
        assert "a rule has named b; " in (Told(log=True, plans=plans).logged or "")


def test_the_last_attempt_is_explained() -> None:
    told = Told(log=True, failing=1)
    assert told.logged is not None
    assert "FirstOf chooses: b; candidates (weight/active): b 1000/0" in told.logged


def test_who_is_logged_in_on_a_connection_is_told_of_it() -> None:
    for options in ({"log": True}, {"networks": (ipaddress.ip_network("192.0.2.0/24"),)}):
        told = Told(bound=True, **options)
        text = told.logged or (told.header or b"").decode()
        assert "; it is logged in on a connection to b; " in text
    assert Told(token(NOW - 1), bound=True, secret=SECRET).header is None


def test_who_finds_no_server_is_told_why() -> None:
    book = ExplainingRules(HEADER, log=True, networks=(ipaddress.ip_network("192.0.2.0/24"),))
    stage = RuledStage(book)
    room: Any = Room({"pool": stage.pool})
    book.start(room)
    for member in stage.members:
        member.set_health(False, "refused")
    stage.asks(RequestHead(b"GET", b"/", Headers([(b"Host", b"h")]), host=b"h"))
    stage.check_it_is_over()
    assert "no server takes new work" in (stage.record.fields or {})[FIELD]
    head = stage.client.head
    assert head is not None
    assert b"no server takes new work" in (head.headers.get(HEADER) or b"")


def test_on_reload_only_those_that_say_something_else_are_new() -> None:
    one = ExplainingRules(HEADER, log=True, secret=SECRET)
    assert one == ExplainingRules(HEADER, log=True, secret=SECRET)
    assert hash(one) == hash(ExplainingRules(HEADER, log=True, secret=SECRET))
    assert one != ExplainingRules(HEADER, log=True, secret=SECRET + b"1")
    assert one != ExplainingRules(HEADER, secret=SECRET)
    assert one != "explain"


def test_before_its_service_runs_nothing_is_told() -> None:
    book = ExplainingRules(HEADER, log=True, secret=SECRET)
    stage = RuledStage(book)
    fields = [(b"Host", b"h"), (HEADER, token())]
    stage.asks(RequestHead(b"GET", b"/", Headers(fields), host=b"h"))
    stage.upstreams.last.connects()
    stage.ruled.response_began(ResponseHead(200, Headers()), b"", True)
    assert stage.record.fields is None


@given(st.binary(max_size=90) | st.from_regex(rb"[0-9]{1,14}\.[0-9a-f]{0,70}", fullmatch=True))
def test_nothing_else_is_a_token(sent: bytes) -> None:
    assert Told(sent, secret=SECRET).header is None
