"""Who goes away in the middle: clients, servers in an answer, and whole servers under load."""

from __future__ import annotations

import datetime
import http.client
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kit.nginx import load_of, nginx, wrk
from kit.plays import HELLO, Conversation, Plays, breaking_off, hanging, polite, resetting
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import Record, RunningSite, eventually, running_site, service
from kit.sockets import reset

GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


class Site(NamedTuple):
    running: RunningSite
    server: RealServer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("aborts")
    with (
        real_server() as server,
        running_site(folder, site=service(server.address, timeouts={"upstream_idle": "1s"})) as it,
    ):
        yield Site(it, server)


def streaming(conversation: Conversation) -> None:
    """Send an answer that has no end."""
    conversation.request()
    conversation.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        conversation.send(b"400\r\n%b\r\n" % (b"x" * 0x400))


def fresh(site: Site, plays: Plays) -> int:
    """Let the server play this from now on, on connections that are new; how many there were."""
    # Connections that were kept would go on with what they played before.
    site.server.until(lambda: all(talk.sock.fileno() < 0 for talk in site.server.conversations))
    site.server.plays = plays
    return len(site.server.conversations)


@pytest.mark.parametrize(
    ("plays", "leave", "target"),
    [
        # One that closes while it waits may still read: see test_timeouts.py.
        (hanging, reset, "/waiting-reset"),
        (streaming, reset, "/reading-reset"),
        (streaming, socket.socket.close, "/reading-closed"),
    ],
    ids=["waiting, reset", "reading, reset", "reading, closed"],
)
def test_a_client_that_leaves_ends_the_work_of_the_server(
    plays: Plays, leave: Callable[[socket.socket], None], target: str, site: Site
) -> None:
    index = fresh(site, plays)
    client = RawClient(site.running.place())
    client.send(GET % target.encode())
    site.server.until(lambda: len(site.server.conversations) > index)
    talk = site.server.conversations[index]
    site.server.until(lambda: talk.received.endswith(b"\r\n\r\n"))
    if plays is streaming:
        client.take(100_000)
    leave(client.sock)
    # Its thread ends when its connection does; nothing here waits for a timeout of the program.
    site.server.until(lambda: talk.sock.fileno() < 0, 15)
    assert site.running.record_of(target)["termination"] == "client_aborted"


def test_a_client_that_leaves_in_its_upload_leaves_no_whole_request(site: Site) -> None:
    index = fresh(site, polite)
    whole = len(site.server.requests)
    client = RawClient(site.running.place())
    client.send(b"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nbegin")
    site.server.until(lambda: len(site.server.conversations) > index)
    talk = site.server.conversations[index]
    site.server.until(lambda: talk.received.endswith(b"begin"))
    reset(client.sock)
    site.server.until(lambda: talk.ended)
    assert len(site.server.requests) == whole
    assert site.running.record_of("/upload")["termination"] == "client_aborted"


BROKEN = {
    "length": OK + b"Content-Length: 100\r\n\r\n" + b"x" * 50,
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n32\r\n" + b"x" * 50 + b"\r\n",
    "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + b"x" * 50,
    "until-close": OK + b"\r\n" + b"x" * 50,
}


@pytest.mark.parametrize(
    ("dies", "framing"),
    # Whoever ends an answer by closing has ended it (RFC 9112 section 6.3), unless by a reset.
    [(breaking_off, framing) for framing in BROKEN if framing != "until-close"]
    + [(resetting, framing) for framing in BROKEN],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_an_answer_that_breaks_off_is_never_whole(
    dies: Callable[[bytes], Plays], framing: str, site: Site
) -> None:
    fresh(site, dies(BROKEN[framing]))
    target = f"/{framing}-{dies is resetting}"
    client = http.client.HTTPConnection(*site.running.place(), timeout=30)
    client.request("GET", target)
    try:
        answer = client.getresponse()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
        assert answer.status == 200
    except (http.client.RemoteDisconnected, ConnectionResetError):
        assert dies is resetting, "what came before the end was lost"
    finally:
        client.close()
    assert site.running.record_of(target)["termination"] == "upstream_aborted"


def test_an_answer_that_ends_with_its_connection_is_whole_when_that_is_closed(site: Site) -> None:
    fresh(site, breaking_off(BROKEN["until-close"]))
    client = http.client.HTTPConnection(*site.running.place(), timeout=30)
    client.request("GET", "/closed")
    assert client.getresponse().read() == b"x" * 50
    client.close()
    assert site.running.record_of("/closed")["termination"] == "ok"


def test_a_kept_connection_that_dies_is_not_seen_by_the_client(site: Site) -> None:
    def once(conversation: Conversation) -> None:
        conversation.request()
        conversation.send(HELLO)
        # It seems to be kept, and its end comes together with the next request.
        conversation.head()
        reset(conversation.sock)

    index = fresh(site, once)
    with RawClient(site.running.place()) as client:
        client.ask(GET % b"/first")
        site.server.plays = polite
        client.ask(GET % b"/second")
    assert len(site.server.conversations) == index + 2
    assert site.running.record_of("/second")["status"] == 200


def test_requests_that_nginx_no_longer_takes_on_a_connection_are_no_errors(tmp_path: Path) -> None:
    with (
        nginx(tmp_path, "a", keepalive_requests=7) as a,
        nginx(tmp_path, "b", keepalive_requests=13) as b,
        running_site(tmp_path, site=service(a.address, b.address)) as running,
    ):
        load = load_of(wrk(running.url("/name"), seconds=1))
        assert load.errors == 0, load.output
        assert load.requests > 200, load.output


def test_a_server_that_is_killed_under_load_costs_at_most_what_it_was_working_on(
    tmp_path: Path,
) -> None:
    health = {"kind": "tcp", "interval": "1s", "timeout": "1s", "retries": 0}
    with nginx(tmp_path, "a") as a, nginx(tmp_path, "b") as b:
        pool = {"health": health}
        with running_site(tmp_path, site=service(a.address, b.address, pool=pool)) as running:
            working = wrk(running.url("/name"), seconds=3, connections=16)
            try:
                eventually(lambda: a.requests > 100 and b.requests > 100)
                a.kill()
                killed = time.time()
                left = b.requests
            finally:
                load = load_of(working)
            assert b.requests - left > 100, load.output
            assert load.errors <= 16, load.output
            running.program.until("site/a is down")
            late = [record for record in running.records() if since(record, killed) > 1]
            assert len(late) > 100
            assert {(record["status"], record["server"]) for record in late} == {(200, "b")}

            a.start()
            running.program.until("(?s)site/a is down.*site/a is up")
            asked = a.requests
            assert load_of(wrk(running.url("/name"), seconds=1)).errors == 0
            assert a.requests > asked


def since(record: Record, moment: float) -> float:
    """Seconds from a moment to a record."""
    return datetime.datetime.fromisoformat(record["time"]).timestamp() - moment
