"""When no server is left: sorry pool, redirect, fixed answer, close; and never by accident."""

from __future__ import annotations

import pytest

from kit.pins import Pins
from kit.recorders import FirstOf, Stage, request
from pointsman.core.members import Member
from pointsman.core.nothing_left import last_answer
from pointsman.core.pool import Pool
from pointsman.core.server_states import DISABLED
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer
from pointsman.model.when_down import (
    CloseConnection,
    FixedAnswer,
    RedirectAway,
    SorryPool,
    WhenDown,
)

FIXED = FixedAnswer(503, b"<h1>Back soon</h1>", ((b"Content-Type", b"text/html"),))


def left_alone(last: WhenDown, *, sorry: bool = True, persistence: Pins | None = None) -> Stage:
    """A stage whose only server is down; its sorry pool has a server of its own."""
    stage = Stage(1, persistence=persistence)
    stage.service.when_down = last
    if isinstance(last, SorryPool):
        spare = Member(RealServer("spare"))
        stage.service.sorry = Pool(last.pool, [spare], FirstOf())
        stage.members.append(spare)
        if not sorry:
            spare.set_health(False, "down as well")
    stage.members[0].set_health(False, "down")
    return stage


# ---- the answers themselves ----


def test_a_fixed_answer() -> None:
    head, body = last_answer(FIXED, request())
    assert (head.status, head.reason, body) == (503, b"Service Unavailable", FIXED.body)
    assert [*head.headers] == [
        (b"Content-Type", b"text/html"),
        (b"Content-Length", b"18"),
        (b"Cache-Control", b"no-store"),
    ]
    assert head.body_length == 18


def test_its_own_cache_control_stays() -> None:
    head, _ = last_answer(FixedAnswer(200, b"", ((b"Cache-control", b"max-age=9"),)), request())
    assert [*head.headers] == [(b"Cache-control", b"max-age=9"), (b"Content-Length", b"0")]


def test_what_has_no_body_has_no_length() -> None:
    head, body = last_answer(FixedAnswer(204, b"ignored"), request())
    assert (body, b"Content-Length" in head.headers) == (b"", False)


def test_a_status_without_a_name() -> None:
    head, _ = last_answer(FixedAnswer(599), request())
    assert head.reason == b""


def test_a_redirect() -> None:
    away = RedirectAway("https://{host}{uri}", 307)
    asked = RequestHead(b"GET", b"/a?b", host=b"example.org:80")
    head, body = last_answer(away, asked)
    assert (head.status, head.headers.get(b"Location")) == (307, b"https://example.org/a?b")
    assert body == b"307 Temporary Redirect\n"
    head, body = last_answer(away, RequestHead(b"HEAD", b"/", host=b"h"))
    assert body == b""


# ---- exchanges that meet them ----


@pytest.mark.parametrize("last", [FIXED, RedirectAway("https://{host}/")])
@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
def test_clients_are_answered_and_may_go_on(last: WhenDown, method: bytes) -> None:
    stage = left_alone(last)
    stage.asks(request(method))
    status = 503 if last is FIXED else 302
    assert stage.client.said[0] == f"head {status}"
    assert (stage.client.body == b"") == (method == b"HEAD")
    assert not stage.client.closes
    assert (stage.record.termination, stage.record.status) == ("no_server", status)
    stage.check_it_is_over()


def test_a_connection_is_closed_without_an_answer() -> None:
    stage = left_alone(CloseConnection())
    stage.asks(request())
    assert stage.client.said == ["cut", "done"]
    assert (stage.record.termination, stage.record.status) == ("no_server", 0)
    stage.check_it_is_over()


def test_the_sorry_pool_serves() -> None:
    pins = Pins()
    stage = left_alone(SorryPool("sorry"), persistence=pins)
    stage.asks(request(b"POST", 3), b"abc")
    upstream = stage.upstreams.last.connects()
    assert (upstream.member.name, upstream.got) == ("spare", b"abc")
    upstream.answers()
    assert (stage.record.server, stage.record.termination) == ("spare", "ok")
    assert pins.pins == {}
    stage.check_it_is_over()


def test_a_sorry_pool_that_is_down_as_well_is_no_help() -> None:
    stage = left_alone(SorryPool("sorry"), sorry=False)
    stage.asks(request())
    assert stage.client.said[0] == "head 503"
    assert stage.record.termination == "no_server"
    stage.check_it_is_over()


def test_a_sorry_server_that_refuses_is_a_failure_like_any_other() -> None:
    stage = left_alone(SorryPool("sorry"))
    stage.asks(request())
    stage.upstreams.last.fails()
    assert stage.client.said[0] == "head 502"
    assert stage.record.termination == "connect_failed"
    stage.check_it_is_over()


@pytest.mark.parametrize("last", [FIXED, SorryPool("sorry")])
def test_it_comes_also_when_every_server_has_just_refused(last: WhenDown) -> None:
    stage = left_alone(last)
    stage.members[0].set_health(True, "as far as we know")
    stage.asks(request(b"POST", 3), b"abc")
    stage.upstreams.last.fails()
    if last is FIXED:
        assert stage.client.body == FIXED.body
    else:
        assert stage.upstreams.last.member.name == "spare"
        stage.upstreams.last.connects().answers()
    stage.check_it_is_over()


def test_it_does_not_come_in_the_place_of_a_servers_answer() -> None:
    stage = left_alone(FIXED)
    stage.members[0].set_health(True, "up")
    stage.asks(request())
    stage.upstreams.last.connects().answers(503)
    assert stage.client.body == b""
    stage.check_it_is_over()


def test_an_operator_takes_the_last_server_out() -> None:
    stage = left_alone(FIXED)
    stage.members[0].set_health(True, "up")
    stage.members[0].set_admin(DISABLED)
    stage.asks(request())
    assert stage.client.body == FIXED.body
