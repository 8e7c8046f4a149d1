"""The site at work: clients that come back, a front end that is killed, drained, brought back."""

from __future__ import annotations

import time
from collections import Counter

from pointsman.app.demo.lync.balancer import FILE
from pointsman.app.demo.lync.building import FOUR, both
from pointsman.app.demo.lync.clients import NO_ANSWER, OK, Crowd
from pointsman.app.demo.lync.log_file import PATIENCE, eventually
from pointsman.app.demo.lync.tour import Tour, lost

_POOLS = ("fe-https", "fe-http", "ext-https", "ext-http")
CLIENTS, LATE_CLIENTS, NEW_CLIENTS = 12, 8, 4

# Clients of a front end that is drained come back at least so often before it is empty.
_ENOUGH = 4
_BETWEEN = 0.5


def of(crowd: Crowd, server: str) -> Crowd:
    """Those clients of a crowd whose session is at one front end."""
    return Crowd([client for client in crowd.clients if client.server == server])


def mobile_clients(tour: Tour) -> None:
    """Sessions outlive connections."""
    tour.telling.step(
        "Mobile clients that close and come back",
        "a client that was idle opens a new connection, and must reach the same front end",
        "nothing to do: the cookie MS-WSMAN tells where each belongs",
    )
    crowd = tour.crowd(CLIENTS, "at work")
    tour.main = crowd
    told = ", ".join(f"{name} {count}" for name, count in sorted(crowd.servers.items()))
    spread = set(crowd.servers) == {"fe1", "fe2"}
    tour.telling.claim(f"{CLIENTS} clients have made sessions: {told}", spread, told)
    tour.all_known(crowd, 4, "they close, and come back on new connections")


def killed(tour: Tour) -> None:
    """A front end is gone, and its sessions with it."""
    tour.telling.step(
        "A front end is killed",
        "Real Servers > Status: Down; its clients go to the other one",
        "nothing to do: pins to a server that is down are dropped; `pointsman status` says why",
    )
    of_fe1, of_fe2 = of(tour.main, "fe1"), of(tour.main, "fe2")
    fe1 = tour.stage.front_ends["fe1"]
    fe1.kill()
    tour.telling.did(f"kill -9 {fe1.pid}: fe1 is gone, and with it the sessions it remembered")
    saw = tour.come_back(of_fe1)
    count = len(of_fe1.clients)
    moved = saw == {"404": count} and of_fe1.servers == Counter(fe2=count)
    text = f"its {count} clients are served by fe2: each logs in again, once"
    tour.telling.claim(text, moved, f"{dict(saw)}, now at {dict(of_fe1.servers)}")
    tour.all_known(of_fe1, 2, "from then on they are known there")
    tour.all_known(of_fe2, 3, "clients of fe2 have noticed nothing")
    names = [f"{pool}/fe1" for pool in _POOLS]
    tour.servers_become(
        "down", names, "fe1 is down in all four pools: Connection refused", "refused"
    )
    up = eventually(lambda: all(each["state"] == "up" for each in tour.services().values()))
    tour.telling.claim("all four services go on", up)


def brought_back(tour: Tour) -> None:
    """It returns, and gets nobody back."""
    tour.telling.step(
        "It is brought back",
        "Real Servers > Status: Up",
        "nothing to do: the next health check finds it",
    )
    tour.stage.start_front_ends("fe1")
    tour.telling.did(f"fe1 is started again, as process {tour.stage.front_ends['fe1'].pid}")
    tour.servers_become("up", both(*_POOLS), "fe1 and fe2 are up in all four pools")
    before = dict(tour.main.servers)
    saw = tour.come_back(tour.main, 2)
    stayed = saw == {"ok": 2 * CLIENTS} and dict(tour.main.servers) == before
    tour.telling.claim("nobody is moved back: all stay where their sessions are", stayed, str(saw))
    tour.late = tour.crowd(LATE_CLIENTS, "came after fe1 was back")
    text = "new clients are given to it as well"
    tour.telling.claim(text, "fe1" in tour.late.servers, str(dict(tour.late.servers)))


def drained(tour: Tour) -> None:
    """It is taken out in peace."""
    tour.telling.step(
        "It is drained, and taken in again",
        "Real Servers > Disable; Drain Time in System Configuration; later Enable",
        "`pointsman server drain`, pools.*.drain_time; later `pointsman server enable`",
    )
    staying = of(tour.late, "fe1")
    since = tour.stage.balancer.log.mark
    tour.type_in("server", "drain", FILE, "*/fe1")
    # Whoever came before the end was told is within the drain time; after it, perhaps not.
    ended, visits, strangers = False, 0, 0
    limit = time.monotonic() + PATIENCE
    new: Crowd | None = None
    while not ended and time.monotonic() < limit:
        for client in staying.clients:
            saw = Crowd([client]).come_back()
            ended = tour.stage.balancer.log.found(r"^fe-https/fe1 is disabled", since) is not None
            if ended:
                break
            visits += 1
            strangers += saw[NO_ANSWER] + lost(saw)
        new = new or tour.crowd(NEW_CLIENTS, "came while fe1 was drained")
        time.sleep(_BETWEEN)
    given = dict(new.servers) if new is not None else {}
    text = f"{NEW_CLIENTS} new clients are all given to fe2"
    tour.telling.claim(text, given == {"fe2": NEW_CLIENTS}, str(given))
    text = f"clients of fe1 came back {visits} times within the drain time, and were known there"
    tour.telling.claim(text, visits >= _ENOUGH and strangers == 0, f"{strangers} were not")
    tour.servers_become(
        "disabled", [f"{pool}/fe1" for pool in _POOLS], "the drain time is over: fe1 is disabled"
    )
    tour.come_back(staying)
    moved = set(staying.servers) == {"fe2"}
    tour.telling.claim("its clients are at fe2 now", moved, str(dict(staying.servers)))
    tour.all_known(tour.late, 2, "and are known there")

    tour.type_in("server", "enable", FILE, "*/fe1")
    tour.servers_become("up", both(*_POOLS), "fe1 is up again")
    again = tour.crowd(NEW_CLIENTS, "came when fe1 was taken in again")
    tour.telling.claim("new clients reach it", "fe1" in again.servers, str(dict(again.servers)))
    tour.services_become("up", *FOUR)


LIVING = (mobile_clients, killed, brought_back, drained)


def nobody_unanswered(tour: Tour) -> None:
    """The last claim: about everybody."""
    everybody = [client for crowd in tour.crowds for client in crowd.clients]
    unanswered = sum(client.seen[NO_ANSWER] for client in everybody)
    odd = sum(
        sum(client.seen.values()) - client.seen[OK] - lost(client.seen) for client in everybody
    )
    requests = sum(sum(client.seen.values()) for client in everybody)
    text = f"{len(everybody)} clients, {requests} requests: each was answered, none with an error"
    tour.telling.claim(text, unanswered == 0 and odd == 0, f"{unanswered} not, {odd} otherwise")
