"""Whoever is silent for too long is told so, or let go; all of them wait at the same time."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from kit.plays import Conversation, echoing, hanging
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import RunningSite, running_site, service

FOR_CLIENTS = {"header": "1s", "body": "1s", "idle": "1s"}
FOR_SERVERS = {"response": "1s", "stream": "1s", "idle": "1s"}
GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"


class Wait(NamedTuple):
    """What came of one client.

    Attributes:
        answer: what it was sent after it fell silent, until the connection was closed.
        seconds: how long that took.
    """

    answer: bytes
    seconds: float


def stuck(conversation: Conversation) -> None:
    """Begin an answer and never go on."""
    if conversation.request():
        conversation.send(BEGUN)
        hanging(conversation)


def silence(site: RunningSite, name: str, said: bytes, then: Callable[[RawClient], object]) -> Wait:
    with RawClient(site.place(name)) as client:
        client.send(said)
        then(client)
        began = time.monotonic()
        answer = client.rest()
        return Wait(answer, time.monotonic() - began)


def nothing(client: RawClient) -> None:
    """Fall silent at once."""


def test_who_is_silent_is_let_go_in_time(tmp_path: Path) -> None:
    with (
        real_server() as good,
        real_server(hanging) as silent,
        real_server(stuck) as half,
        real_server(echoing) as echo,
        running_site(
            tmp_path,
            web=service(good.address, timeouts=FOR_CLIENTS),
            silent=service(silent.address, timeouts=FOR_SERVERS),
            stuck=service(half.address, timeouts=FOR_SERVERS),
            patient=service(silent.address),
            tunnel=service(echo.address, mode="tcp", timeouts={"tunnel": "1s"}),
        ) as site,
        ThreadPoolExecutor(16) as pool,
    ):

        def starts(
            name: str, said: bytes, then: Callable[[RawClient], object] = nothing
        ) -> Callable[[], Wait]:
            return pool.submit(silence, site, name, said, then).result

        head = starts("web", b"GET /head HTTP/1.1\r\nHost:")
        drops = starts("web", b"GET /drops HTTP/1.1\r\n", dripping)
        nothing_said = starts("web", b"")
        idle = starts("web", GET % b"/idle", lambda client: client.until(b"hello"))
        body = starts("web", b"POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhello")
        unanswered = starts("silent", GET % b"/silent")
        broken = starts("stuck", GET % b"/stuck", lambda client: client.until(b"hello"))
        echoed = starts("tunnel", b"echo", lambda client: client.until(b"echo"))
        left = starts("patient", GET % b"/left", RawClient.finish)

        assert head().answer.startswith(b"HTTP/1.1 408 ")
        assert drops().answer.startswith(b"HTTP/1.1 408 ")
        assert nothing_said().answer == b""
        assert idle().answer == b""
        assert body().answer.startswith(b"HTTP/1.1 408 ")
        assert unanswered().answer.startswith(b"HTTP/1.1 504 ")
        assert broken().answer == b""
        assert echoed().answer == b""
        for wait in (head, nothing_said, idle, body, unanswered, broken, echoed):
            # The defaults are 10 seconds and more, and a machine may be busy.
            assert 0.9 < wait().seconds < 9
        # A client that has ended its sending side may be gone; after 5 seconds it is taken to be,
        # long before the minute that a server has.
        assert 4 < left().seconds < 30
        silent.until(lambda: all(talk.sock.fileno() < 0 for talk in silent.conversations))

        terminations = {
            "/body": "client_timeout",
            "/silent": "upstream_timeout",
            "/stuck": "upstream_timeout",
            "/left": "client_aborted",
        }
        for target, termination in terminations.items():
            assert site.record_of(target)["termination"] == termination
        assert site.record_of("/silent")["status"] == 504


def dripping(client: RawClient) -> None:
    """Go on with a head byte by byte, until an answer comes: its time runs from its first byte."""
    limit = time.monotonic() + 9
    while not select.select([client.sock], [], [], 0.1)[0]:
        assert time.monotonic() < limit, "a head may take for ever"
        client.send(b"a")
