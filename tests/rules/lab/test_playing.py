"""Scenarios are played: the whole library on each Lua, and what a wrong one is told."""

from pathlib import Path

import pytest

from kit.lua_rules import ENGINES, rule_file
from pointsman_rules.files import library_folder
from pointsman_rules.lab.playing import play, scenario_files, tried
from pointsman_rules.limits import Engine

LIBRARY = library_folder()


def written(folder: Path, rule: str, cases: str) -> Path:
    (folder / "a.lua").write_text(rule)
    path = folder / "a.test.yaml"
    path.write_text(f"rule: a.lua\ncases:\n{cases}")
    return path


def problems(path: Path) -> list[str]:
    return [one for result in play(path) for one in result.problems]


def test_every_rule_of_the_library_has_its_scenario() -> None:
    assert {path.stem for path in LIBRARY.glob("*.lua")} == {
        path.name.removesuffix(".test.yaml") for path in scenario_files(LIBRARY)
    }
    assert len(scenario_files(LIBRARY)) >= 25


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", scenario_files(LIBRARY), ids=lambda path: path.stem)
def test_the_library_does_what_its_scenarios_say_on_each_lua(path: Path, engine: Engine) -> None:
    told = [(result.case, result.problems) for result in play(path, engine) if result.problems]
    assert told == []


RULE = """on.request(function(req, ctx)
  log.field("seen", "yes")
  if req.path == "/no" then return respond(403, "no", {a = "b"}) end
  if req.path == "/bad" then error("broken") end
  req.headers["x-a"] = "1"
end)"""


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{does: forward}", "does is 'respond', not 'forward'"),
        ("{status: 200}", "status is 403, not 200"),
        ("{body: x}", "body is 'no', not 'x'"),
        ("{body_contains: x}", "body does not hold 'x'"),
        ("{headers: {a: c}}", "header a is ['b'], not ['c']"),
        ("{headers: {a: null}}", "header a is ['b'], not []"),
        ("{pool: x}", "pool is 'web', not 'x'"),
        ("{log: {seen: no}}", "log field seen is 'yes', not 'no'"),
        ("{says: x}", "no line of the log holds 'x'"),
        ("{metrics: {x: 1}}", "metric x is None, not 1"),
        ("{servers: {web/a: down}}", "web/a is up, not down"),
        ("{fails: x}", "the rule must fail with 'x'"),
        ("{sent: {target: /}}", "nothing was sent to a server"),
    ],
)
def test_what_is_other_than_expected_is_told(tmp_path: Path, expect: str, told: str) -> None:
    case = f"  - {{name: n, steps: [{{request: /no, expect: {expect}}}]}}\n"
    (found,) = problems(written(tmp_path, RULE, case))
    assert found.startswith(f"step 1: {told}")


def test_what_was_sent_is_compared(tmp_path: Path) -> None:
    case = """  - name: n
    steps:
      - {request: /ok, expect: {sent: {headers: {x-a: "2"}, target: /x, body: b}}}
"""
    assert len(problems(written(tmp_path, RULE, case))) == 3


def test_a_rule_that_fails_fails_its_case_unless_it_must(tmp_path: Path) -> None:
    case = "  - {name: n, steps: [{request: /bad}]}\n"
    (told,) = problems(written(tmp_path, RULE, case))
    assert "the rule failed: a.lua:4: broken" in told
    case = "  - {name: n, steps: [{request: /bad, expect: {fails: broken}}]}\n"
    assert problems(written(tmp_path, RULE, case)) == []


def test_steps_that_are_repeated_name_the_time_that_failed(tmp_path: Path) -> None:
    rule = "n = 0 on.request(function() n = n + 1 if n == 3 then return respond(429) end end)"
    case = "  - {name: n, steps: [{times: 5, expect: {status: 200}}]}\n"
    (told,) = problems(written(tmp_path, rule, case))
    assert told.startswith("step 1, time 3: status is 429")


def test_fetches_are_answered_by_the_scenario(tmp_path: Path) -> None:
    rule = """on.request(function()
      local got = http.get("auth", "/me")
      return respond(got.status, got.body .. got.headers["x-b"])
    end)"""
    case = "  - {name: n, steps: [{expect: {status: 201, body: mine1}}]}\n"
    path = written(tmp_path, rule, case)
    path.write_text(
        path.read_text() + 'fetch: {auth /me: {status: 201, body: mine, headers: {X-B: "1"}}}\n'
    )
    assert problems(path) == []


def test_a_changed_file_is_tried_by_the_scenario_beside_it(tmp_path: Path) -> None:
    path = written(
        tmp_path, RULE, "  - {name: n, steps: [{request: /no, expect: {status: 403}}]}\n"
    )
    rule = rule_file(RULE)._replace(path=path.with_name("a.lua"))
    tried(rule, "lua54")
    with pytest.raises(ValueError, match=r"a\.lua: a\.test\.yaml: n: step 1: status is 200"):
        tried(rule._replace(source=b"on.request(function() end)"), "lua54")
    tried(rule._replace(path=tmp_path / "other.lua"), "lua54")
