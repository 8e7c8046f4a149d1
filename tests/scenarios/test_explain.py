"""Why requests went where they went, told by the running program: log, testers, `explain`."""

from __future__ import annotations

import hmac
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kit.plays import answering
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, eventually, running_site, service

GET = b"GET %b HTTP/1.1\r\nHost: h\r\nCookie: sid=one\r\n%b\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok."
KEY = "0123456789abcdef"


def site_of(a: RealServer, b: RealServer, **keys: Any) -> dict[str, Any]:
    persistence = {"kind": "server_cookie", "cookie": "sid"}
    return service(
        a.address, b.address, pool={"scheduling": "round_robin", "persistence": persistence}, **keys
    )


def choices(running: RunningSite) -> list[str | None]:
    return [record.get("fields", {}).get("choice") for record in running.records()]


def explained(folder: Path, *options: str) -> str:
    command = [
        sys.executable, "-m", "pointsman", "explain", str(folder / "site.yaml"), "GET",
        "http://h/", "--service", "site", *options,
    ]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_the_log_testers_and_the_command_tell_the_same_through_reloads(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    state = {"state_dir": str(tmp_path / "state")}
    with real_server(answering(OK)) as a, real_server(answering(OK)) as b:
        site = site_of(a, b)
        with (
            running_site(tmp_path, more=state, site=site) as running,
            RawClient(running.place()) as client,
        ):
            path = tmp_path / "site.yaml"
            config = json.loads(path.read_text())

            def ask(target: bytes, more: bytes = b"") -> bytes:
                answer = client.ask(GET % (target, more), b".")
                running.record_of(target.decode())
                return answer

            def reload(explain: dict[str, Any] | None, revision: int) -> None:
                config["virtual_services"]["site"] = site_of(a, b, explain=explain)
                path.write_text(json.dumps(config))
                running.program.signal(signal.SIGHUP)
                running.program.until(rf"revision {revision} is in force")

            assert b"X-Pointsman" not in ask(b"/1")
            reload({"log": True}, 2)
            assert b"X-Pointsman" not in ask(b"/2")
            reload({"secret": {"file": str(tmp_path / "key")}}, 3)
            until = b"%d" % (time.time() + 60)
            token = until + b"." + hmac.digest(KEY.encode(), until, "sha256").hex().encode()
            told = ask(b"/3", b"X-Pointsman-Explain: %b\r\n" % token)
            assert b"X-Pointsman" not in ask(b"/4", b"X-Pointsman-Explain: %b0\r\n" % token)
            found = re.search(rb"X-Pointsman-Explain: (.*)\r\n", told)
            assert found is not None
            reload(None, 4)
            assert b"X-Pointsman" not in ask(b"/5")
            logged = choices(running)
            assert [bool(each) for each in logged] == [False, True, False, False, False]
            pinned = re.compile(
                r"pool site; server_cookie (#[0-9a-f]{16}) is pinned to a for \d+ s; a is up; "
                r"it goes where it is pinned; candidates \(weight/active\): a 1000/0, b 1000/0; "
                r"round_robin: Everybody in turn, whatever the weights\."
            )
            in_log = pinned.fullmatch(logged[1] or "")
            in_header = pinned.fullmatch(found[1].decode())
            assert in_log is not None, logged[1]
            assert in_header is not None, found[1]
            command = explained(tmp_path, "-H", "Cookie: sid=one")
            digest = in_log[1]
            assert in_header[1] == digest
            assert f"server_cookie {digest} is pinned to a for " in command
            assert "server a, because of its pin" in command
            assert "sid=one" not in command.replace("    Cookie: sid=one", "")
            assert "is not pinned" in explained(tmp_path, "-H", "Cookie: sid=two")
            assert {record["server"] for record in running.records()} == {"a"}
            assert all(b"X-Pointsman" not in talk.received for talk in a.conversations)


def test_who_explains_stays_over_a_reload_and_sees_the_pools_that_are_new(tmp_path: Path) -> None:
    with real_server(answering(OK)) as a, real_server(answering(OK)) as b:
        site = site_of(a, b, explain={"log": True})
        with running_site(tmp_path, site=site) as running:
            path = tmp_path / "site.yaml"
            config = json.loads(path.read_text())
            with RawClient(running.place()) as client:
                client.ask(GET % (b"/1", b""), b".")
                pool = config["virtual_services"]["site"]["pool"]
                pool["scheduling"] = "least_connections"
                del pool["persistence"]
                path.write_text(json.dumps(config))
                running.program.signal(signal.SIGHUP)
                running.program.until("revision 2 is in force")
                client.ask(GET % (b"/2", b""), b".")
            before, after = (running.record_of(f"/{n}")["fields"]["choice"] for n in (1, 2))
        assert "is not pinned; no pin, round_robin chooses: a; " in before
        assert after.startswith("pool site; there is no persistence, least_connections chooses: a")


def test_in_tcp_mode_the_log_is_told(tmp_path: Path) -> None:
    with real_server(answering(OK)) as a, real_server(answering(OK)) as b:
        pool = {"scheduling": "round_robin", "persistence": "source_ip"}
        site = service(a.address, b.address, pool=pool, mode="tcp", explain={"log": True})
        with running_site(tmp_path, site=site) as running:
            for _ in range(2):
                with RawClient(running.place()) as client:
                    client.ask(GET % (b"/", b""), b".")
            eventually(lambda: len(running.records()) == 2)
            first, second = choices(running)
        who = "pool site; source_ip 127.0.0.1"
        assert first is not None
        assert first.startswith(f"{who} is not pinned; no pin, round_robin chooses: a; candidates")
        assert second is not None
        assert second.startswith(f"{who} is pinned to a for ")
