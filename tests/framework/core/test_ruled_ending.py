"""Error pages and answers of rules: asked about, replaced, and never a circle."""

from __future__ import annotations

from typing import Any

from kit.recorders import request
from kit.ruled_stage import RuledStage
from pointsman.model.decision import Respond
from pointsman.model.errors import ClientError
from pointsman.model.pool_settings import PoolSettings, QueueSettings
from pointsman.model.server import RealServer
from pointsman.model.when_down import FixedAnswer, RedirectAway


def test_an_error_page_may_be_another() -> None:
    stage = RuledStage(servers=0, error=lambda one: Respond(503, b"back soon"))
    stage.asks(request())
    assert stage.client.body == b"back soon"
    assert stage.record.termination == "no_server"
    stage.check_it_is_over()


def test_an_error_page_is_shown_and_may_be_changed() -> None:
    seen = []

    def look(one: Any) -> None:
        seen.append((one.status, one.source))
        one.answer.headers.set(b"X-Seen", b"1")

    stage = RuledStage(servers=0, error=look, response=look)
    stage.asks(request())
    assert seen == [(503, "proxy"), (503, "proxy")]
    assert stage.exchange.response is not None
    assert stage.exchange.response.headers.get_all(b"x-seen") == [b"1"]
    stage.check_it_is_over()


def test_a_head_request_gets_no_page() -> None:
    stage = RuledStage(servers=0, error=Respond(503, b"back soon"))
    stage.asks(request(b"HEAD"))
    assert stage.client.said == ["head 503", "end", "done"]


def test_what_is_no_request_is_refused_without_rules() -> None:
    stage = RuledStage(error=Respond(200), response=Respond(200), log=lambda _: None)
    stage.exchange.refuse(ClientError(400, "nonsense"))
    assert stage.client.said[0] == "head 400"
    assert stage.asked == []
    stage.check_it_is_over()


def test_an_answer_may_end_the_connection() -> None:
    stage = RuledStage(request=Respond(200, b"bye", close=True))
    stage.asks(request())
    assert stage.client.closes
    stage = RuledStage(request=Respond(200, b"hello"))
    stage.asks(request())
    assert not stage.client.closes


def test_an_answer_of_a_rule_is_asked_about_once() -> None:
    stage = RuledStage(request=Respond(200, b"a"), response=Respond(200, b"b"))
    stage.asks(request())
    assert stage.asked == ["request", "response"]
    assert stage.client.body == b"b"


def test_rules_see_what_clients_get_when_no_server_is_left() -> None:
    for last, asked in (
        (FixedAnswer(503, b"sorry"), ["request", "error", "response"]),
        (RedirectAway("https://{host}/"), ["request", "response"]),
    ):
        stage = RuledStage(request=None, error=None, response=None)
        stage.service.when_down = last
        for member in stage.members:
            member.set_health(False, "down")
        stage.asks(request())
        assert stage.asked == asked
        assert stage.client.said[0] == f"head {last.status}"
        assert stage.record.termination == "no_server"
        stage.check_it_is_over()


def test_rules_and_the_queue_live_together() -> None:
    settings = PoolSettings(queue=QueueSettings(1, 5.0))
    stage = RuledStage(servers=1, request=None)
    stage.members[0].become(RealServer("a", max_connections=1))
    stage.pool.change(stage.pool.members, (), settings)
    stage.members[0].begin()
    stage.asks(request())
    assert stage.client.said == []
    stage.members[0].end()
    stage.upstreams.last.connects().answers()
    assert stage.client.said[0] == "head 200"
    stage.check_it_is_over()
