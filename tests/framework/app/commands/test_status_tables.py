"""The tables of ``pointsman status``: everything that matters is in them, in words."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

from pointsman.app.commands.status_tables import tables
from pointsman.app.control.writing import written
from pointsman.app.seen import (
    DrainSeen,
    PoolSeen,
    Rates,
    RemovedSeen,
    ServerSeen,
    ServiceSeen,
    SiteSeen,
    TlsSeen,
)
from pointsman.config.steps import at_once


def server(name: str = "a", **more: Any) -> ServerSeen:
    seen: dict[str, Any] = {
        "pool": "web", "name": name, "place": "127.0.0.1:1", "state": "up", "why": "200",
        "since": None, "by_command": [], "takes_new": True, "weight": 1000,
        "wanted_weight": 1000, "priority": 1, "active": 0, "tunnels": 0, "total": 0,
        "rate": 0.0, "failures": 0, "max_connections": 0, "pins": 0, "drain": None,
    }  # fmt: skip
    return ServerSeen(**{**seen, **more})


def service(name: str = "site", **more: Any) -> ServiceSeen:
    seen: dict[str, Any] = {
        "name": name, "state": "up", "why": "1 of 1 servers work", "since": None, "mode": "http",
        "listen": ["127.0.0.1:80"], "pool": "web", "sorry": "", "tls": None, "connections": 3,
        "accepted": 4, "exchanges": 5, "classes": {}, "bytes_in": 0, "bytes_out": 0,
        "rates": Rates(1.0, 2.5, 0.0, 1_234_000.0), "leaving": False,
        "rules": {},
    }  # fmt: skip
    return ServiceSeen(**{**seen, **more})


def shown(services: list[ServiceSeen], *servers: ServerSeen, **pool: Any) -> str:
    seen: dict[str, Any] = {
        "name": "web", "scheduling": "round_robin", "persistence": [], "doubt": "",
        "refused_pins": {}, "waiting": 0,
    }  # fmt: skip
    pools = [PoolSeen(**{**seen, **pool}, servers=servers)]
    removed = [RemovedSeen("old", "127.0.0.1:9", 3, 70.0)]
    site = SiteSeen(
        "0.1", 77, "/etc/site.yaml", 3, 1e9, 1e9 + 3700, ["odd"], services, pools, removed
    )
    console = Console(width=240)
    with console.capture() as captured:
        console.print(tables(json.loads(at_once(written(site)))))
    return captured.get()


def row(text: str, begin: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(begin)]
    return " ".join(found.split())


def test_the_head_and_the_rows() -> None:
    text = shown([service()], server(active=2, max_connections=9, total=40, rate=1.5, pins=7))
    assert text.splitlines()[0] == (
        "pointsman 0.1, process 77, up 1h 1m, revision 3, /etc/site.yaml"
    )
    assert row(text, "site") == (
        "site up start 127.0.0.1:80 http web 3 1.0 2.5 1.2 MB 1 of 1 servers work"
    )
    assert row(text, "web/a") == "web/a 127.0.0.1:1 up start 1000 2/9 1.5 40 0 7 200"
    assert row(text, "warning") == "warning: odd"
    assert row(text, "server old") == (
        "server old at 127.0.0.1:9 was removed: 3 open, cut in 1m 10s"
    )


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    assert row(shown([service("[red]x")], server("[/]")), "[red]x")
    assert row(shown([service("[red]x")], server("[/]")), "web/[/]")


def test_a_drain_shows_its_forecast_and_what_was_set_by_command() -> None:
    drain = DrainSeen(3, 1, 20.0, 20.0, "3 pinned clients, 1 open, empty within 20s")
    text = shown(
        [service()],
        server(state="draining", why="by command", by_command=["draining"], drain=drain),
        server("b", by_command=["weight 1000 -> 5"], weight=1, wanted_weight=5, pins=None),
    )
    assert row(text, "web/a").endswith("by command; 3 pinned clients, 1 open, empty within 20s")
    assert "1 of 5 *" in row(text, "web/b")
    assert " ? " in row(text, "web/b")
    assert "* web/a: set by command: draining\n" in text.replace(" \n", "\n").replace("  ", "")
    assert "* web/b: set by command: weight 1000 -> 5" in text


def test_trouble_with_tls_is_told() -> None:
    failures = {f"reason {number}": number for number in range(1, 6)}
    tls = TlsSeen("offload, temporary certificate", True, 9, 3, 2, failures, {"a": "expired"})
    text = shown([service(tls=tls)], server())
    assert "http, offload, temporary certificate" in row(text, "site  ")
    assert "site: shows a temporary certificate, which no client trusts" in text
    assert "site: no TLS with server a: expired" in text
    assert "site: 5 TLS handshakes of clients failed: reason 5" in text
    assert "reason 2" not in text  # the three that are met most
    assert "site: 2 connections refused: too many handshakes" in text


def test_doubts_and_queues_are_told() -> None:
    text = shown([service(sorry="spare", leaving=True)], server(), doubt="never seen", waiting=4)
    assert "pool web: never seen" in text
    assert "pool web: 4 wait for room" in text
    assert "site leaving" in row(text, "site")
    assert "web, else spare" in row(text, "site")


def test_moments_of_another_day_bear_their_date() -> None:
    today = shown([service(since=1e9 + 3000)], server())
    before = shown([service(since=1e9 - 86400 * 3)], server())
    assert "-09-" not in row(today, "site")
    assert "2001-09-0" in row(before, "site")


def test_pins_that_were_not_believed() -> None:
    text = shown([], server(), refused_pins={"expired": 1, "forged": 12})
    assert row(text, "pool web").endswith("were not believed: 1 expired, 12 forged")
    assert "not believed" not in shown([], server())
