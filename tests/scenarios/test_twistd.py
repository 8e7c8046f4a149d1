"""``twistd pointsman --config FILE``: found by twistd, serving, stopped by a signal."""

import http.client
import sys
from pathlib import Path

from kit.child_programs import started
from pointsman.app.demo import children

TWISTD = (str(Path(sys.executable).parent / "twistd"), "-n", "--pidfile=", "pointsman")


def test_twistd_runs_it(tmp_path: Path) -> None:
    (server,) = children.start(["red"])
    try:
        config = tmp_path / "site.yaml"
        config.write_text(
            "version: 1\n"
            "virtual_services:\n"
            "  site:\n"
            "    listen: 127.0.0.1:0\n"
            f"    pool: {{servers: {{a: '127.0.0.1:{server.port}'}}}}\n"
        )
        with started(*TWISTD, "--config", str(config), cwd=str(tmp_path)) as program:
            port = int(program.until(r"site listens on 127\.0\.0\.1:(\d+)")[1])
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            client.request("GET", "/")
            assert client.getresponse().read() == b"red answers, request number 1\n"
            client.close()
            program.signal()
            program.wait()
            assert "site: 1 exchanges 2xx=1" in program.output
    finally:
        server.end()


def test_errors_of_the_configuration_are_shown_by_twistd(tmp_path: Path) -> None:
    config = tmp_path / "site.yaml"
    config.write_text("version: 1\npols: {}\n")
    with started(*TWISTD, "--config", str(config), cwd=str(tmp_path)) as program:
        assert program.wait() != 0
        assert "pols: this key is not known here" in program.output
