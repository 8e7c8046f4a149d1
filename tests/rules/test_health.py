"""Health checks that are rules: what they ask, what they hear, and that they come to an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from kit.logs import noted_log
from kit.lua_rules import ENGINES
from kit.probing import PLACES, near, same_however_split, talk
from pointsman.contracts import Misfit, Surroundings, Verdict
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman_rules import health
from pointsman_rules.files import RuleFile
from pointsman_rules.generation import LoadError
from pointsman_rules.health import HealthRuleSettings, LuaCheck
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.rule_tables import RuleTable
from pointsman_rules.site import LuaSettings, LuaSite

SERVER = RealServer("a", Address.parse("192.0.2.1:80"))
REDIS = """
on.health(function(server, probe)
  probe:send("PING\\r\\n")
  local line = probe:read_line()
  if line ~= "+PONG" then
    return down("it said " .. tostring(line))
  end
  probe:send("LOAD\\r\\n")
  local load = tonumber(probe:read(3))
  probe:send("QUIT\\r\\n")
  return load > 50 and degraded(100 - load, "load " .. load) or up()
end)
"""
HTTP = """
options { path = {"string", "/", "where"} }
on.health(function(server, probe)
  local answer, problem = probe:http{path = config.path, headers = {accept = "text/plain"}}
  if not answer then
    return down(problem)
  end
  return answer.status == 200 and up(answer.body) or down(answer.status .. " " .. answer.body)
end)
"""


def check(source: str, engine: Engine = "lua54", options: str = "", **limits: Any) -> LuaCheck:
    site = LuaSite(LuaSettings(), {}, {"hits": RuleTable(10, 60.0)})
    file = RuleFile("a.lua", Path("a.lua"), source.encode(), options)
    return LuaCheck(file, engine, Limits(**limits), site, "web")


ONE = check(REDIS)


def asked(one: LuaCheck, *said: bytes, close: bool = True) -> tuple[Any, bytes]:
    return talk(one.probe(SERVER), said, close=close)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_protocol_of_lines_and_bytes(engine: Engine) -> None:
    one = check(REDIS, engine)
    found, sent = asked(one, b"+PONG\r\n", b"010")
    assert (found.up, found.share, found.reason) == (True, 100, "up()")
    assert sent == b"PING\r\nLOAD\r\nQUIT\r\n"
    found, _ = asked(one, b"+PONG\r\n070")
    assert (found.up, found.share, found.reason) == (True, 30, "load 70")
    assert asked(one, b"-ERR\r\n")[0] == Verdict(False, "it said -ERR")
    assert asked(one)[0] == Verdict(False, "it said nil")
    assert one._generation.runtime.live == 0


@given(near(b"+PONG\r\n070", b"-ERR no\r\n"), PLACES)
def test_however_it_is_split(data: bytes, places: list[int]) -> None:
    with noted_log():
        same_however_split(lambda: ONE.probe(SERVER), data, places)


@pytest.mark.parametrize(
    ("said", "up", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", True, "fine"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nfine", True, "fine"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n",
         True, "fine"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", False, "503 "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfine", False, "the body breaks off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", False, "more than 64 KiB"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", False, "breaks off"),
        (b"HTTP/1.1 200 OK\r\nA: b", False, "its answer breaks off"),
        (b"SSH-2.0\r\n", False, "it does not answer in HTTP/1"),
        (b"", False, "it closed without an answer"),
    ],
)  # fmt: skip
def test_http(said: bytes, up: bool, reason: str) -> None:
    found, sent = asked(check(HTTP, options='{"path": "/up"}'), said)
    assert found.up is up
    assert reason in found.reason
    assert sent.startswith(b"GET /up HTTP/1.1\r\nHost: 192.0.2.1:80\r\nConnection: close\r\n")


def test_nothing_said_is_up_and_a_verdict_needs_no_answer() -> None:
    one = check("on.health(function() end)")
    assert asked(one)[0].up
    site = "on.health(function(s) if tables.hits:get(s.name) then return down('by hand') end end)"
    one = check(site)
    assert asked(one)[0].up
    one._site.tables["hits"].set("a", True, 0, 0.0)
    assert asked(one)[0] == Verdict(False, "by hand")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("error('oh')", "the rule failed: a.lua:1: oh"),
        ("while true do end", "more than 200000 instructions"),
        ("while true do probe:send('x') end", "comes to no end"),
        ("while true do probe:send(('x'):rep(9000)) end", "comes to no end"),
        ("sleep(1)", "waits for nothing but its probe"),
        ("http.get('web', '/')", "waits for nothing but its probe"),
        ("return 5", "on.health returned a number"),
        ("return degraded(0)", "a percentage"),
        ("return respond(200)", "respond() cannot be returned from on.health"),
        ("every(1, function() end)", "a health check has no timers"),
        ("probe:read(0)", "a number of bytes"),
        ("probe:shout('x')", "probe has no field 'shout'"),
    ],
)
def test_a_rule_that_fails_is_told_and_its_server_is_down(
    engine: Engine, source: str, told: str
) -> None:
    with noted_log():
        one = check(f"on.health(function(server, probe) {source} end)", engine)
        found, _ = asked(one, b"x" * 10)
    assert not found.up
    assert told in found.reason


def test_a_rule_that_asks_on_after_the_end_comes_to_an_end() -> None:
    one = check("on.health(function(s, probe) while true do probe:send('x') probe:read() end end)")
    with noted_log():
        found, _ = asked(one)
    assert not found.up
    one = check("on.health(function(s, probe) probe:send('x') probe:read(100) end)")
    probe = one.probe(SERVER)
    assert probe.start() == b"x"
    assert probe.receive(b"y" * 70_000) == Verdict(True, "the rule has nothing against it")
    one = check("on.health(function(s, probe) probe:read_line() end)")
    probe = one.probe(SERVER)
    assert probe.start() == b""
    assert probe.receive(b"y" * 70_000) == Verdict(
        False, "the server says more than the rule reads"
    )


def test_a_probe_that_timed_out_is_forgotten_with_the_next() -> None:
    one = check(REDIS)
    for _ in range(100):
        assert one.probe(SERVER).start() == b"PING\r\n"
    assert one._generation.runtime.live == 1
    assert asked(one, b"+PONG\r\n010")[0].up


def test_a_full_runtime_is_begun_anew() -> None:
    source = """
    kept = {}
    on.health(function(server, probe)
      for i = 1, 200 do kept[#kept + 1] = ("x"):rep(10000) .. #kept end
      probe:read_line()
    end)"""
    one = check(source, memory="1MiB")
    with noted_log() as events:
        first = one.probe(SERVER)
        first.start()
        for _ in range(4):
            one.probe(SERVER).start()
    assert any("begun anew" in str(event.get("log_format")) for event in events)
    assert not first.closed().up


def test_equal_ones_share_their_probes() -> None:
    site = LuaSite(LuaSettings(), {}, {})

    def made(source: bytes = b"on.health(function() end)", site: LuaSite = site) -> LuaCheck:
        file = RuleFile("a.lua", Path("a.lua"), source)
        return LuaCheck(file, "lua54", Limits(), site, "web")

    assert made() == made()
    assert hash(made()) == hash(made())
    assert made() != made(b"on.health(function() return up() end)")
    assert made() != made(site=LuaSite(LuaSettings(), {}, {}))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("local x", "does not register on.health"),
        ("on.health(function() end) on.request(function() end)", "on.request is never asked"),
        ("x = = 1", "a.lua:1"),
    ],
)
def test_rules_that_are_for_something_else(source: str, told: str) -> None:
    with pytest.raises(LoadError, match=told):
        check(source)


def test_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text(HTTP)
    around = Surroundings(
        "web",
        sections={"lua": LuaSite(LuaSettings(), {}, {})},
        folder=lambda at: tmp_path,
    )

    def made(**keys: Any) -> LuaCheck:
        return health.make(HealthRuleSettings(**{"file": "a.lua", **keys}), around)

    assert made().describes == "the rule a.lua"
    assert made().over(SERVER) is None
    with pytest.raises(Misfit, match="no such option") as caught:
        made(options={"x": 1})
    assert caught.value.at == ("options", "x")
    with pytest.raises(Misfit, match="cannot read"):
        made(file="b.lua")
    with pytest.raises(Misfit, match="no TLS in this place") as caught:
        made(tls=True)
    assert caught.value.at == ("tls",)
