"""``pointsman health show`` in words."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from pointsman.app.commands.health_words import health_in_full, health_table
from pointsman.app.report_words import report_told
from pointsman.core.health_report import Outcome, Report, Step

FAILURE = Report(
    "HEAD /", "127.0.0.1:1", 1e9, 0.02, Outcome.BAD, "403 not among 200-299", "another `path`",
    (Step(0.0, "connect", "connected"),), b"HEAD / HTTP/1.1\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n",
    19,
)  # fmt: skip


def server(**more: Any) -> dict[str, Any]:
    check = {
        "check": "HEAD /", "place": "127.0.0.1:1", "interval": 9.0, "timeout": 4.0, "up": False,
        "reason": "403 not among 200-299", "attempts": 7, "asked": 1e9, "took": 0.02,
        "failure": report_told(FAILURE),
    }  # fmt: skip
    seen: dict[str, Any] = {
        "pool": "web", "name": "a", "state": "down", "why": "403 not among 200-299",
        "check": check, "agent": None, "changes": [],
    }  # fmt: skip
    return {**seen, **more}


def test_everything_about_one() -> None:
    change = {"time": 1e9, "before": "up", "state": "down", "by": "health", "reason": "403"}
    lines = [*health_in_full(server(changes=[change] * 30))]
    assert lines[0] == "web/a is down: 403 not among 200-299"
    assert lines[1].startswith("check: HEAD / at 127.0.0.1:1, every 9s, within 4s; asked 7 times,")
    assert lines[2] == "verdict: down: 403 not among 200-299"
    assert lines[3].startswith("the last attempt that failed, at 2001-09-")
    assert "    > HEAD / HTTP/1.1" in lines
    assert "    < HTTP/1.1 403 No" in lines
    assert "  what would make it pass: another `path`" in lines
    assert sum("up -> down (health): 403" in line for line in lines) == 20


def test_what_never_failed_and_what_is_not_checked() -> None:
    check = {**server()["check"], "failure": None, "up": None, "asked": None, "attempts": 0}
    lines = [*health_in_full(server(check=check, agent={**check, "up": True}))]
    assert "verdict: not known yet: 403 not among 200-299" in lines
    assert lines.count("no attempt has failed") == 2
    assert any(line.startswith("agent: HEAD / at ") for line in lines)
    lines = [*health_in_full(server(check=None))]
    assert lines == [
        "web/a is down: 403 not among 200-299",
        "it has no health check: it is always up",
    ]


def test_a_row_for_each() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(health_table([server(), server(name="[/]", check=None)]))
    head, first, second = captured.get().splitlines()
    assert head.split() == ["pool/server", "state", "check", "asks", "every", "last", "took", "why"]
    assert first.split()[:6] == ["web/a", "down", "HEAD", "/", "127.0.0.1:1", "9s"]
    assert "20 ms" in first
    assert second.split()[:3] == ["web/[/]", "down", "none"]
