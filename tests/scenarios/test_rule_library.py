"""The ready rules through the running program: what their scenarios say of the lab holds here.

What cannot be shown over loopback (other times, TLS with certificates, servers that are down by a
word) is left out of a scenario; at least one step of each rule is left.
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kit.running_site import RunningSite, eventually, running_site
from pointsman_rules.files import library_folder
from pointsman_rules.lab.flow import headers_of
from pointsman_rules.lab.playing import scenario_files
from pointsman_rules.lab.scenario import Case, Fields, Scenario, Step, Upstream, read_scenario

# They need what this file shows in tests of their own, below.
ELSEWHERE = {"maintenance", "route_by_sni"}
# Cases about what the lab decides: the hour, and servers that are down.
OF_THE_LAB = {"by the hour", "the state of the pool", "slow ones are told"}
FILES = [path for path in scenario_files(library_folder())
         if path.name.removesuffix(".test.yaml") not in ELSEWHERE]  # fmt: skip


class Played:
    """Servers that answer what the step of the moment says, and note what they got."""

    def __init__(self) -> None:
        self.answers: list[Upstream] = [Upstream()]
        self.got: list[tuple[str, str, str, Any, bytes]] = []

    def next(self) -> Upstream:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def server(name: str, played: Played) -> Iterator[str]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            played.got.append((name, self.command, self.path, self.headers, body))
            told = played.next()
            answer = told.body.encode()
            self.send_response_only(told.status)
            for key, value in headers_of(told.headers):
                self.send_header(key.decode(), value.decode())
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_OPTIONS = do_DELETE = handle_one

        def log_message(self, format: str, *args: Any) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.daemon_threads = True
    thread = Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def shown(case: Case) -> list[Step]:
    """The steps of a case that can be shown here: up to the first for which time must pass."""
    steps: list[Step] = []
    for step in case.steps:
        if step.after:
            break
        if not step.request.secure and not step.request.passthrough:
            steps.append(step)
    return steps


def playable(scenario: Scenario) -> list[Case]:
    scenario.pools.update(
        {name: [one for one in some if "=" not in one] for name, some in scenario.pools.items()}
    )
    return [case for case in scenario.cases if shown(case) and case.name not in OF_THE_LAB]


def entry(path: Path, scenario: Scenario, case: Case) -> dict[str, Any]:
    options = scenario.options if case.options is None else case.options
    return {"kind": "lua", "file": f"library/{Path(scenario.rule).name}", "options": options}


def sections(scenario: Scenario, addresses: dict[str, str]) -> dict[str, Any]:
    pools = {
        name: {
            "health": "none",
            "scheduling": "round_robin",
            "servers": {one: addresses[one] for one in servers},
        }
        for name, servers in scenario.pools.items()
    }
    return {
        "pools": pools,
        "lists": {n: one.model_dump(exclude_unset=True) for n, one in scenario.lists.items()},
        "rule_tables": {name: {} for name in scenario.rule_tables},
        "defaults": {
            "timeouts": {"drain": "0s"},
            # So that the lab's clients can come from loopback.
            "forwarding": {"trusted_proxies": ["127.0.0.0/8"]},
        },
    }


def asked(site: RunningSite, name: str, step: Step, jar: dict[str, str]) -> Any:
    connection = http.client.HTTPConnection(*site.place(name), timeout=20)
    told = step.request
    fields: Fields = {"Host": told.host, **told.headers}
    if told.from_ != "192.0.2.1" or "X-Forwarded-For" not in told.headers:
        fields = {"X-Forwarded-For": told.from_, **fields}
    if step.keep_cookies and jar:
        fields["Cookie"] = "; ".join(f"{key}={value}" for key, value in jar.items())
    connection.putrequest(told.method, told.target, skip_host=True, skip_accept_encoding=True)
    for key, value in headers_of(fields):
        connection.putheader(key.decode(), value)
    body = told.body.encode()
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    try:
        answer = connection.getresponse()
    except (http.client.BadStatusLine, ConnectionError):
        return None
    found = (answer.status, answer.headers, answer.read())
    for line in answer.headers.get_all("Set-Cookie") or ():
        cookie, _, said = line.partition(";")[0].partition("=")
        jar[cookie] = said
    connection.close()
    return found


def differences(step: Step, found: Any, got: list[Any], scenario: Scenario) -> Iterator[str]:
    expect = step.expect
    if expect.does == "close":
        if found is not None:
            yield "the connection was not closed"
        return
    if found is None:
        yield "there was no answer"
        return
    status, headers, body = found
    if expect.status is not None and status != expect.status:
        yield f"status is {status}, not {expect.status}"
    for name, value in expect.headers.items():
        there = headers.get_all(name) or []
        wanted = [] if value is None else value if isinstance(value, list) else [value]
        # What pointsman itself sends in its own name is no matter of the rule.
        if name.lower() not in ("server-timing",) and there != [str(one) for one in wanted]:
            yield f"header {name} is {there}, not {wanted}"
    if expect.body is not None and body != expect.body.encode():
        yield f"body is {body!r}, not {expect.body!r}"
    if expect.attempts is not None and len(got) != expect.attempts:
        yield f"{len(got)} attempts, not {expect.attempts}"
    if expect.does in ("respond", "refuse") and got:
        yield "a server was asked"
    if expect.pool is not None and got and got[-1][0] not in scenario.pools[expect.pool]:
        yield f"it went to {got[-1][0]}, not to {expect.pool}"
    if expect.server is not None and (not got or got[-1][0] != expect.server):
        yield f"it went to {got[-1][0] if got else 'nobody'}, not to {expect.server}"
    if expect.sent:
        _, method, target, sent, sent_body = got[-1]
        there_ = {"method": method, "target": target, "body": sent_body.decode()}
        for key, value in expect.sent.items():
            if key != "headers" and there_[key] != value:
                yield f"sent {key} is {there_[key]!r}, not {value!r}"
        for name, value in expect.sent.get("headers", {}).items():
            # The addresses of loopback are not those of the lab.
            found_ = sent.get_all(name) or []
            ours = name.startswith("x-forwarded") or name == "x-real-ip"
            if not ours and found_ != ([] if value is None else [str(value)]):
                yield f"sent header {name} is {found_}, not {value!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".test.yaml"))
def test_what_its_scenario_says_holds_in_the_running_program(path: Path, tmp_path: Path) -> None:
    scenario = read_scenario(path)
    cases = playable(scenario)
    assert cases, "nothing of it can be shown"
    played = Played()
    names = {one for servers in scenario.pools.values() for one in servers}
    first = next(iter(scenario.pools))
    with servers(names, played) as addresses:
        # Cases that share tables have a program each, others are services of one.
        groups = [[case] for case in cases] if scenario.rule_tables else [cases]
        for at, group in enumerate(groups):
            folder = tmp_path / str(at)
            folder.mkdir()
            services = {
                f"case{number}": {
                    "listen": "127.0.0.1:0",
                    "pool": first,
                    "rules": [entry(path, scenario, case)],
                }
                for number, case in enumerate(group)
            }
            with running_site(folder, more=sections(scenario, addresses), **services) as site:
                for name, case in zip(services, group, strict=True):
                    played_through(site, name, case, played, scenario)


def played_through(
    site: RunningSite, name: str, case: Case, played: Played, scenario: Scenario
) -> None:
    jar: dict[str, str] = {}
    for number, step in enumerate(shown(case), 1):
        for _ in range(min(step.times, 10)):
            played.answers, before = list(step.upstream), len(played.got)
            found = asked(site, name, step, jar)
            told = list(differences(step, found, played.got[before:], scenario))
            assert told == [], f"{case.name}, step {number}"
        expect = step.expect
        if expect.says is not None:
            site.program.until(re.escape(expect.says))
        # How long a server took is another matter here.
        wanted = {key: value for key, value in expect.log.items() if not key.endswith("_ms")}
        if wanted:
            eventually(partial(logged, site, wanted))


def logged(site: RunningSite, wanted: dict[str, str]) -> bool:
    return any(wanted.items() <= one.get("fields", {}).items() for one in site.records())


@contextmanager
def servers(names: set[str], played: Played) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(server(name, played)) for name in sorted(names)}


def test_maintenance_while_no_server_is_up(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, and nobody listens
        health = {"kind": "tcp", "interval": "1s", "timeout": "300ms", "retries": 1}
        pool = {"health": health, "servers": {"a": f"127.0.0.1:{closed.getsockname()[1]}"}}
        service = {"listen": "127.0.0.1:0", "pool": pool,
                   "rules": [{"kind": "lua", "file": "library/maintenance.lua"}]}  # fmt: skip
        with running_site(tmp_path, site=service) as site:

            def page() -> bool:
                connection = http.client.HTTPConnection(*site.place(), timeout=20)
                connection.request("GET", "/")
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                return (answer.status, body) == (503, b"<h1>Back soon</h1>")

            eventually(page)
