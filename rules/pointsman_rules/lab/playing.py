"""Scenario files are played, and what comes of them is compared with what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pointsman_rules.book import Book
from pointsman_rules.clocks import Clocks
from pointsman_rules.files import RuleFile, RuleSettings, read_rule
from pointsman_rules.generation import Place
from pointsman_rules.lab.flow import Flow, Outcome, headers_of
from pointsman_rules.lab.scenario import (
    Case,
    Expect,
    Fields,
    Request,
    Scenario,
    Step,
    read_scenario,
)
from pointsman_rules.lab.stage import LabPool, LabRoom, LabServer
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.lists import RuleList
from pointsman_rules.pool_functions import PoolFunctions
from pointsman_rules.rule_metrics import RuleMetrics
from pointsman_rules.rule_tables import RuleTable
from pointsman_rules.site import LuaSettings, LuaSite, Watching
from pointsman_rules.waiting import Cancel, Done, Waits

SUFFIX = ".test.yaml"


class Result(NamedTuple):
    """What came of one case.

    Attributes:
        file: of the scenario.
        case: its name.
        problems: what was other than expected; empty if nothing was.
    """

    file: str
    case: str
    problems: tuple[str, ...]


class _LabWaits(Waits):
    """Fetches nothing: the scenario says what comes."""

    def __init__(self, pools: PoolFunctions, scenario: Scenario) -> None:
        super().__init__(pools)
        self._scenario = scenario

    def begin(self, what: str, given: tuple[Any, ...], done: Done) -> Cancel:
        """Begin it."""
        if what != "fetch":
            return super().begin(what, given, done)
        pool, _, path, *_ = given
        told = self._scenario.fetch.get(f"{pool} {path}")
        said: tuple[Any, ...] = (False, f"http.fetch: the scenario tells nothing of {pool} {path}")
        if told is not None:
            flat = [one.decode("latin-1") for pair in headers_of(told.headers) for one in pair]
            said = (True, told.status, told.body.encode("utf-8").decode("latin-1"), *flat)
        call = self.reactor.callLater(0.01, done, *said)
        return lambda: call.cancel() if call.active() else None


class _LabSite(LuaSite):
    """Nothing goes on beside the exchanges."""

    def start(self, reactor: Any, user: Watching) -> None:
        """Nothing begins."""

    def stop(self, user: Watching) -> None:
        """Nothing ends."""


class Stage:
    """A book of rules as a scenario wants it, ready to play.

    Args:
        scenario: what it wants.
        folder: where paths begin.
        options: of the rule, instead of those of the scenario.
        engine: instead of that of the scenario.
        files: instead of what the scenario names.
    """

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        options: dict[str, Any] | None = None,
        engine: Engine | None = None,
        files: Sequence[RuleFile] | None = None,
    ) -> None:
        self.lines: list[str] = []
        self.room = LabRoom(
            {
                name: LabPool(name, [_server(at, one) for at, one in enumerate(servers, 1)])
                for name, servers in scenario.pools.items()
            },
            scenario.time,
        )
        settings = RuleSettings(
            file=scenario.rule,
            options=scenario.options if options is None else options,
            on_error=scenario.on_error,
        )
        file = read_rule(settings, folder) if files is None else files[0]._replace(
            options=json.dumps(settings.options) if settings.options else ""
        )  # fmt: skip
        lists = {
            name: RuleList(name, one, None if one.file is None else folder / one.file)
            for name, one in scenario.lists.items()
        }
        for one in lists.values():
            one.read()
        tables = {n: RuleTable(one.size, one.ttl) for n, one in scenario.rule_tables.items()}
        engine = engine or scenario.engine
        site = _LabSite(LuaSettings(engine=engine), lists, tables)
        place = Place(
            "lab", Clocks(self.room.clock, self.room.wall), PoolFunctions(), tables, lists,
            RuleMetrics(), lambda level, text, where, request_id: self.lines.append(text),
        )  # fmt: skip
        self.book = Book([file], engine, Limits(), place, site)
        self.book.waits = _LabWaits(place.pools, scenario)
        self.book.start(self.room)
        self.flow = Flow(self.book, self.room, next(iter(scenario.pools)))

    def end(self) -> None:
        """Stop it."""
        self.book.stop()


def _server(at: int, told: str) -> LabServer:
    name, _, state = told.partition("=")
    return LabServer(name, f"192.0.2.{100 + at}:80", state=state or "up")


def play(
    path: Path, engine: Engine | None = None, files: Sequence[RuleFile] | None = None
) -> Iterator[Result]:
    """Play all cases of a scenario file, one after the other.

    Raises:
        scenario.ScenarioError: it is none.
        ValueError: its rule cannot be loaded.
    """
    scenario = read_scenario(path)
    for case in scenario.cases:
        stage = Stage(scenario, path.parent, case.options, engine, files)
        try:
            yield Result(str(path), case.name, tuple(_case(stage, case)))
        finally:
            stage.end()


def tried(file: RuleFile, engine: Engine) -> None:
    """Play the scenarios that stand beside a rule file, if there are any.

    Raises:
        ValueError: something comes to other than it must; says what.
    """
    beside = file.path.with_name(file.path.stem + SUFFIX)
    if not beside.exists():
        return
    for result in play(beside, engine, [file]):
        if result.problems:
            raise ValueError(f"{file.name}: {beside.name}: {result.case}: {result.problems[0]}")


def scenario_files(path: Path) -> list[Path]:
    """The scenario files at a path: itself, that of a rule, or all in a folder and below."""
    if path.is_dir():
        return sorted(path.rglob(f"*{SUFFIX}"))
    if path.suffix == ".lua":
        beside = path.with_name(path.stem + SUFFIX)
        return [beside] if beside.exists() else []
    return [path]


def _case(stage: Stage, case: Case) -> Iterator[str]:
    jar: dict[str, str] = {}
    for number, step in enumerate(case.steps, 1):
        if step.after:
            stage.room.reactor.advance(step.after)
        for turn in range(step.times):
            told = list(_step(stage, step, jar))
            if told:
                again = f", time {turn + 1}" if step.times > 1 else ""
                yield from (f"step {number}{again}: {one}" for one in told)
                break


def _step(stage: Stage, step: Step, jar: dict[str, str]) -> Iterator[str]:
    failures = stage.book.failures
    before, begun = failures.count, len(stage.lines)
    request = _with_cookies(step.request, jar) if step.keep_cookies else step.request
    out = stage.flow.play(request, step.upstream)
    for line in out.headers.get_all(b"set-cookie"):
        name, _, value = line.partition(b";")[0].decode().partition("=")
        jar[name] = value
    expect = step.expect
    failed = failures.count > before
    if expect.fails is None and failed:
        yield f"the rule failed: {failures.latest}"
    if expect.fails is not None and not (failed and expect.fails in failures.latest):
        yield f"the rule must fail with {expect.fails!r}" + (
            f", and failed with {failures.latest}" if failed else ""
        )
    if expect.says is not None and not any(expect.says in line for line in stage.lines[begun:]):
        yield f"no line of the log holds {expect.says!r}: {stage.lines[begun:]}"
    values = stage.book.place.metrics.values
    for name, wanted in expect.metrics.items():
        if values.get(name) != wanted:
            yield f"metric {name} is {values.get(name)}, not {wanted}"
    for where, state in expect.servers.items():
        pool, _, server = where.partition("/")
        one = stage.room.pools[pool].member(server)
        found: Any = None
        if one is not None:
            found = one.weight if isinstance(state, int) else one.state
        if found != state:
            yield f"{where} is {found}, not {state}"
    yield from _differences(out, expect)


def _with_cookies(request: Request, jar: dict[str, str]) -> Request:
    if not jar:
        return request
    line = "; ".join(f"{name}={value}" for name, value in jar.items())
    return request.model_copy(update={"headers": {**request.headers, "Cookie": line}})


def _differences(out: Outcome, expect: Expect) -> Iterator[str]:
    for name in ("does", "status", "pool", "server", "attempts"):
        wanted, found = getattr(expect, name), getattr(out, name)
        if wanted is not None and wanted != found:
            why = f" ({'; '.join(out.trace)})" if out.trace else ""
            yield f"{name} is {found!r}, not {wanted!r}{why}"
    yield from _header_differences("header", out.headers, expect.headers)
    body = out.body.decode("utf-8", "replace")
    if expect.body is not None and body != expect.body:
        yield f"body is {body!r}, not {expect.body!r}"
    if expect.body_contains is not None and expect.body_contains not in body:
        yield f"body does not hold {expect.body_contains!r}: {body!r}"
    for name, value in expect.log.items():
        if out.log.get(name) != value:
            yield f"log field {name} is {out.log.get(name)!r}, not {value!r}"
    if not expect.sent:
        return
    if out.sent is None:
        yield "nothing was sent to a server"
        return
    for name, wanted in expect.sent.items():
        if name == "headers":
            yield from _header_differences("sent header", out.sent.headers, wanted)
        elif name == "body":
            if out.sent_body.decode("utf-8", "replace") != wanted:
                yield f"sent body is {out.sent_body!r}, not {wanted!r}"
        elif name in ("method", "target", "host"):
            found = getattr(out.sent, name).decode("utf-8", "replace")
            if found != wanted:
                yield f"sent {name} is {found!r}, not {wanted!r}"
        else:
            yield f"sent.{name}: there is method, target, host, headers and body"


def _header_differences(what: str, found: Any, wanted: Fields) -> Iterator[str]:
    for name, value in wanted.items():
        there = [one.decode("utf-8", "replace") for one in found.get_all(name.encode())]
        expected = [] if value is None else [
            str(one) for one in (value if isinstance(value, list) else [value])
        ]  # fmt: skip
        if there != expected:
            yield f"{what} {name} is {there}, not {expected}"
