"""The example of embedding runs, and answers through the balancer inside it."""

import http.client
import json
import sys
from typing import Any

from kit.child_programs import started
from kit.real_servers import real_server
from kit.tree import TOP

EXAMPLES = TOP / "examples" / "embedding"


def on_a_free_port(name: str, more: str = "") -> str:
    """An example as it is, but for its port and what is added here."""
    return f"""
import runpy
example = runpy.run_path({str(EXAMPLES / name)!r})
example["CONFIG"]["virtual_services"]["site"]["listen"] = "127.0.0.1:0"
{more}
example["main"]()
"""


def asked(port: int, path: str) -> Any:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", path)
    answer = client.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    client.close()
    return answer


def test_the_example_serves_its_own_pages_through_the_balancer_inside_it() -> None:
    with started(sys.executable, "-c", on_a_free_port("application.py")) as program:
        port = int(program.until(r"site listens on 127\.0\.0\.1:(\d+)")[1])
        answer = asked(port, "/x")
        assert answer.text == "hello 127.0.0.1, this is /x\n"
        assert answer.headers["via"].endswith("pointsman")
        program.signal()
        assert program.wait() == 0
        assert "Traceback" not in program.output


def test_a_klein_application_is_one_server_of_its_own_balancer() -> None:
    with real_server() as other:
        more = f"""
example["CONFIG"]["pools"]["others"]["servers"]["a"] = {other.address!r}
"""
        program_text = on_a_free_port("klein_application.py", more)
        with started(sys.executable, "-c", program_text) as program:
            port = int(program.until(r"site listens on 127\.0\.0\.1:(\d+)")[1])
            assert asked(port, "/hello/you").text == "hello you at 127.0.0.1, number 1\n"
            assert asked(port, "/hello/me").text == "hello me at 127.0.0.1, number 2\n"
            assert asked(port, "/none").status == 404
            assert asked(port, "/others/x").text == "hello"
            assert b"GET /others/x" in other.requests[-1].head
            assert [asked(port, "/often").status for _ in range(3)] == [200, 200, 429]
            program.signal()
            assert program.wait() == 0
            assert "Traceback" not in program.output


def test_an_application_shows_and_steers_its_balancer() -> None:
    more = """
example["main"].__globals__["CONSOLE"] = "tcp:0:interface=127.0.0.1"
"""
    with started(sys.executable, "-c", on_a_free_port("operating_application.py", more)) as program:
        program.until(r"site listens on 127\.0\.0\.1:(\d+)")
        port = int(program.until(r"Site starting on (\d+)")[1])
        seen = json.loads(asked(port, "/").text)
        assert [each["name"] for each in seen["pools"][0]["servers"]] == ["a", "b"]
        status, told = posted(port, "name=site/a&state=maintenance")
        assert (status, told["servers"][0]["state"]) == (200, "maintenance")
        assert told["servers"][0]["why"] == "by command: on the console"
        status, told = posted(port, "name=nobody&state=maintenance")
        assert status == 400
        assert told["error"].startswith("there is no server 'nobody'")
        program.signal()
        assert program.wait() == 0
        assert "Traceback" not in program.output


def posted(port: int, form: str) -> tuple[int, Any]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    client.request("POST", "/", form, kind)
    answer = client.getresponse()
    told = json.loads(answer.read())
    client.close()
    return answer.status, told
