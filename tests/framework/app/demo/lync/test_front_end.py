"""A front end answers as the web part of Lync does, and misbehaves when it is told to."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from twisted.internet.testing import MemoryReactor
from twisted.web.http import Request
from twisted.web.test.requesthelper import DummyChannel

from pointsman.app.demo.lync.clients import KeptConnection, trusting
from pointsman.app.demo.lync.front_end import MOODS, NORMAL, REFUSE, FrontEnd, Tether
from pointsman.app.demo.lync.lab import POOL_NAMES, ROOT
from pointsman.app.demo.lync.stage import Stage, staged


def request(path: bytes, method: bytes = b"GET") -> Request:
    channel: Any = DummyChannel()
    made = Request(channel, False)
    made.method, made.path, made.uri = method, path, path
    return made


def asked(front_end: FrontEnd, path: bytes, method: bytes = b"GET", *, secure: bool = True) -> Any:
    return front_end.answer(request(path, method), secure=secure)


@pytest.mark.parametrize(
    ("path", "secure", "status"),
    [
        (b"/abs/handler", True, 200),
        (b"/abs/handler", False, 403),
        (b"/meet/blank.html", True, 200),
        (b"/meet/blank.html", False, 200),
        (b"/whoami", True, 200),
        (b"/go", True, 302),
        (b"/elsewhere", True, 404),
    ],
)
def test_each_path_has_its_status(path: bytes, secure: bool, status: int) -> None:
    assert asked(FrontEnd("fe1"), path, secure=secure)[0] == status


def test_a_session_is_known_where_it_was_made_and_nowhere_else() -> None:
    one, other = FrontEnd("fe1"), FrontEnd("fe2")
    status, number = asked(one, b"/mcx", b"POST")
    assert status == 201
    assert asked(one, b"/mcx/" + number) == (200, b"fe1\n")
    assert asked(other, b"/mcx/" + number)[0] == 404


@pytest.mark.parametrize("gives", [True, False])
def test_a_session_comes_with_a_cookie_only_if_that_was_said(gives: bool) -> None:
    front_end = FrontEnd("fe1")
    front_end.behave("cookie" if gives else "no-cookie")
    asking = request(b"/mcx", b"POST")
    _, number = front_end.answer(asking, secure=True)
    cookies = asking.responseHeaders.getRawHeaders(b"set-cookie") or []
    assert cookies == ([b"MS-WSMAN=" + number + b"; Path=/"] if gives else [])


def test_who_asks_is_told_with_what_the_balancer_added() -> None:
    asking = request(b"/whoami")
    asking.requestHeaders.addRawHeader(b"x-forwarded-for", b"192.0.2.7")
    _, body = FrontEnd("fe2").answer(asking, secure=False)
    assert b"front end: fe2\n" in body
    assert b"x-forwarded-for: 192.0.2.7\n" in body
    assert b"tls: no\n" in body


def test_refusing_means_not_to_listen() -> None:
    reactor = MemoryReactor()
    front_end = FrontEnd("fe1", reactor)
    front_end.listen("127.0.0.41", [80, 8080], [], "")
    front_end.behave(REFUSE)
    assert front_end.mood == REFUSE
    front_end.behave(NORMAL)
    assert len(reactor.tcpServers) == 4


def test_words_on_stdin_change_the_mood_and_are_confirmed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    front_end = FrontEnd("fe1", MemoryReactor())
    tether = Tether(front_end, cast(Any, front_end))
    for word in (*MOODS, "nonsense", "hang"):
        tether.lineReceived(word.encode() + b"\r")
    assert front_end.mood == "hang"
    assert capsys.readouterr().out.splitlines()[-2:] == ["is nonsense", "is hang"]


# ---- as a program, over sockets ----


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path, Random(), private=True) as stage:
        yield stage


def status_of(stage: Stage, port: int, *, secure: bool, seconds: float = 30.0) -> str:
    """Status of an answer for the blank page, or what came instead of one."""
    host = stage.places.front_ends["fe1"]
    try:
        with contextlib.ExitStack() as stack:
            sock: socket.socket = stack.enter_context(socket.create_connection((host, port)))
            if secure:
                tls = trusting(stage.folder / ROOT)
                sock = stack.enter_context(tls.wrap_socket(sock, server_hostname=POOL_NAMES[0]))
            sock.settimeout(seconds)
            answer = http.client.HTTPResponse(sock)
            sock.sendall(b"GET /meet/blank.html HTTP/1.1\r\nHost: h\r\n\r\n")
            answer.begin()
            answer.read()
            return str(answer.status)
    except TimeoutError:
        return "silence"
    except ConnectionRefusedError:
        return "refused"
    except http.client.IncompleteRead:
        return "half"


@pytest.mark.parametrize("secure", [False, True])
def test_each_mood_shows_on_the_wire(stage: Stage, secure: bool) -> None:
    fe1 = stage.front_ends["fe1"]
    port = stage.places.secure[0] if secure else stage.places.clear[0]
    assert status_of(stage, port, secure=secure) == "200"
    for mood, shows in (("500", "500"), ("half", "half"), ("refuse", "refused"), ("normal", "200")):
        assert fe1.tell(mood) == f"is {mood}\n"
        assert status_of(stage, port, secure=secure) == shows
    fe1.tell("hang")
    assert status_of(stage, port, secure=secure, seconds=0.3) == "silence"


def test_whoever_offers_a_protocol_of_the_next_version_is_served_as_well(stage: Stage) -> None:
    tls = trusting(stage.folder / ROOT)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    place = stage.places.front_ends["fe1"], stage.places.secure[0]
    with KeptConnection(place, "127.0.0.1", tls) as client:
        assert client.ask("/abs/handler").status == 200
