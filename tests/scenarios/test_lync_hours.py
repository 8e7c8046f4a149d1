"""The Lync site over hours: mobile clients, a front end that is drained, the right cookie."""

from __future__ import annotations

import heapq
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kit.logs import noted_log
from kit.lync import complete
from kit.lync_hours import LyncHours, lync_hours
from pointsman.app.demo.lync.clients import Crowd
from pointsman.app.demo.lync.site import COOKIE, LyncSite
from pointsman.core.server_states import DRAINING, ENABLED

MINUTE, HOUR = 60.0, 3600.0
CLIENTS = 200


def active(site: LyncSite) -> None:
    site.persist("active_cookie", http_only=False)


def placeholder(site: LyncSite) -> None:
    """As the article has it: any name will do."""
    site.persist("server_cookie", cookie="Set_Me", timeout="20m")


def seldom_checked(site: LyncSite) -> None:
    for pool in site.document["pools"].values():
        pool["health"] |= {"interval": "120s", "timeout": "60s"}


def hour_of(hours: LyncHours, crowd: Crowd) -> Counter[str]:
    """What clients see that come back for an hour, each after minutes, never after twenty."""
    random = Random(44)
    begin = hours.reactor.seconds()
    due = [(begin + random.uniform(0, 8 * MINUTE), who) for who in range(len(crowd.clients))]
    heapq.heapify(due)
    seen: Counter[str] = Counter()
    while due[0][0] < begin + HOUR:
        when, who = heapq.heappop(due)
        hours.passes(when - hours.reactor.seconds())
        answer = hours.while_it_runs(crowd.clients[who].come_back)
        seen[str(answer.status)] += 1
        heapq.heappush(due, (when + random.uniform(8 * MINUTE, 19 * MINUTE), who))
    return seen


def test_06_two_hundred_clients_lose_no_session_in_an_hour(tmp_path: Path) -> None:
    with lync_hours(tmp_path, complete, seldom_checked, cookie=True) as hours:
        crowd = hours.crowd(CLIENTS)
        hours.while_it_runs(crowd.begin)
        assert min(crowd.servers[name] for name in ("fe1", "fe2")) > CLIENTS // 4
        seen = hour_of(hours, crowd)
        assert set(seen) == {"200"}
        assert seen["200"] > 3 * CLIENTS


def test_10_pinned_clients_stay_until_the_drain_time_ends(tmp_path: Path) -> None:
    with lync_hours(tmp_path, complete, seldom_checked, cookie=True) as hours:
        crowd = hours.crowd(20)
        hours.while_it_runs(crowd.begin)
        pinned = Crowd([client for client in crowd.clients if client.server == "fe1"])
        assert len(pinned.clients) > 5
        fe1 = hours.running.site.pools["fe-https"].members[0]
        fe1.set_admin(DRAINING)
        for _ in range(29):  # 290 of 300 seconds
            hours.passes(10)
            assert hours.while_it_runs(pinned.come_back) == {"ok": len(pinned.clients)}
        assert fe1.state == "draining"
        new = hours.crowd(10)
        hours.while_it_runs(new.begin)
        assert new.servers == {"fe2": 10}

        hours.passes(15)
        assert fe1.state == "disabled"
        assert hours.while_it_runs(pinned.come_back) == {"404": len(pinned.clients)}
        assert pinned.servers == {"fe2": len(pinned.clients)}
        assert hours.while_it_runs(pinned.come_back) == {"ok": len(pinned.clients)}

        fe1.set_admin(ENABLED)
        hours.passes(5)
        assert fe1.state == "up"
        again = hours.crowd(10)
        hours.while_it_runs(again.begin)
        assert "fe1" in again.servers


# ---- which cookie is right ----


def lost(hours: LyncHours) -> int:
    """How many sessions thirty clients lose who come back three times, in whatever order."""
    crowd, random = hours.crowd(30), Random(44)
    hours.while_it_runs(crowd.begin)
    for _ in range(3):
        hours.passes(MINUTE)
        hours.while_it_runs(lambda: crowd.come_back(1, random))
    assert set(crowd.seen) <= {"ok", "404"}
    return crowd.seen["404"]


def test_finding_a_a_cookie_that_no_server_sets_pins_nobody_and_that_is_told(
    tmp_path: Path,
) -> None:
    with (
        noted_log() as events,
        lync_hours(tmp_path, complete, placeholder, seldom_checked, cookie=True) as hours,
    ):
        assert lost(hours) > 20
        enough = Crowd(hours.crowd(1).clients * 1000)
        hours.while_it_runs(lambda: [client.ask("GET", "/whoami") for client in enough.clients])
        hours.passes(2 * MINUTE)
        told = [event["doubt"] for event in events if "doubt" in event]
        assert len(told) == 1
        assert told[0].startswith("server_cookie: the cookie Set_Me was in none of the last ")
        assert told[0].endswith("If they set none at all, take active_cookie")


@pytest.mark.parametrize(
    ("step", "cookie"),
    [
        pytest.param(complete, True, id="the servers set MS-WSMAN: server_cookie"),
        pytest.param(active, False, id="they set none: active_cookie"),
    ],
)
def test_finding_a_each_kind_of_cookie_is_right_where_it_is_set(
    tmp_path: Path, step: Any, cookie: bool
) -> None:
    with lync_hours(tmp_path, complete, step, seldom_checked, cookie=cookie) as hours:
        assert lost(hours) == 0


def test_finding_a_a_server_cookie_that_is_not_set_loses_sessions(tmp_path: Path) -> None:
    with lync_hours(tmp_path, complete, seldom_checked, cookie=False) as hours:
        assert lost(hours) > 20


def test_finding_a_a_cookie_of_ours_must_not_have_the_name_of_one_of_theirs(
    tmp_path: Path,
) -> None:
    with lync_hours(tmp_path, complete, active, seldom_checked, cookie=True) as hours:
        (client,) = hours.crowd(1).clients
        first = hours.while_it_runs(client.begin)
        assert hours.while_it_runs(client.come_back).status == 200
        second = hours.while_it_runs(client.begin)  # the server's cookie comes last this time
        assert (first.status, second.status) == (201, 201)
        assert COOKIE in second.headers["set-cookie"]
        refused = hours.running.site.pools["fe-https"].persistence.refused  # type: ignore[union-attr]
        hours.while_it_runs(client.come_back)
        assert sum(refused.values()) == 1
