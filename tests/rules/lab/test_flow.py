"""The way of a request in the lab."""

from pathlib import Path

from kit.lua_rules import rule_file
from pointsman_rules.lab.flow import Outcome
from pointsman_rules.lab.playing import Stage
from pointsman_rules.lab.scenario import Request, Scenario, Upstream


def played(rule: str, *upstream: object, request: object = "/", pools: object = None) -> Outcome:
    told = {"rule": "a.lua", "cases": [{"name": "n", "steps": [{}]}]}
    if pools is not None:
        told["pools"] = pools  # type: ignore[assignment]
    scenario = Scenario.model_validate(told)
    stage = Stage(scenario, Path(), files=[rule_file(rule)])
    try:
        answers = [Upstream.model_validate(one) for one in upstream or (200,)]
        return stage.flow.play(Request.model_validate(request), answers)
    finally:
        stage.end()


def test_without_rules_servers_take_turns_and_another_is_tried() -> None:
    out = played("", "refused", 200)
    assert (out.does, out.status, out.attempts, out.server) == ("nothing", 200, 2, "b")
    assert played("", "refused").status == 502
    assert played("", pools={"web": ["a=down"]}).status == 503


def test_rules_may_give_up_after_a_failure_or_go_elsewhere() -> None:
    rule = "on.connect_failed(function(req, ctx, failure) return {} end)"
    out = played(rule.replace("{}", "respond(504, failure.message)"), "refused")
    assert (out.status, out.body) == (504, b"connection refused")
    out = played(rule.replace("{}", "pool('spare')"), "refused", 200,
                 pools={"web": ["a"], "spare": ["s"]})  # fmt: skip
    assert (out.status, out.pool, out.server) == (200, "spare", "s")


def test_events_on_the_way() -> None:
    out = played(
        """
        on.selected(function(req, ctx, server) if server == "a" then return retry() end end)
        on.upstream_request(function(req, up) up.path = "/inner" end)
        on.response(function(req, res) res.status = 201 end)
        on.response_body(function(req, res, body) return body:upper() end)"""
        , {"body": "ä text"})  # fmt: skip
    assert (out.server, out.status, out.attempts) == ("b", 201, 2)
    assert out.sent is not None
    assert out.sent.target == b"/inner"
    assert out.body == "ä TEXT".encode()


def test_error_pages_and_closed_connections() -> None:
    out = played("on.error(function(req, res) return respond(res.status, 'mine') end)", "refused")
    assert (out.status, out.body) == (502, b"mine")
    out = played("on.request(function() return close() end)")
    assert (out.does, out.status) == ("close", 0)


def test_bodies_of_requests_may_be_answered() -> None:
    rule = "on.request_body(function(req, body) if body == 'bad' then return respond(403) end end)"
    assert played(rule, request={"method": "POST", "body": "bad"}).status == 403
    out = played(rule, request={"method": "POST", "body": "good"})
    assert (out.status, out.sent_body) == (200, b"good")


def test_waiting_takes_the_time_of_the_lab() -> None:
    out = played("on.request(function() sleep('3s') return respond(200, time.http()) end)")
    assert out.body == b"Thu, 01 Jan 2026 00:00:03 GMT"
