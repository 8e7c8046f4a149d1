"""The example of embedding runs, and answers through the balancer inside it."""

import http.client
import sys
from typing import Any

from kit.child_programs import started
from kit.tree import TOP

EXAMPLE = TOP / "examples" / "embedding" / "application.py"

# The example as it is, but for its port.
ON_A_FREE_PORT = f"""
import runpy
example = runpy.run_path({str(EXAMPLE)!r})
example["CONFIG"]["virtual_services"]["site"]["listen"] = "127.0.0.1:0"
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
    with started(sys.executable, "-c", ON_A_FREE_PORT) as program:
        port = int(program.until(r"site listens on 127\.0\.0\.1:(\d+)")[1])
        answer = asked(port, "/x")
        assert answer.text == "hello 127.0.0.1, this is /x\n"
        assert answer.headers["via"].endswith("pointsman")
        program.signal()
        assert program.wait() == 0
        assert "Traceback" not in program.output
