"""Over real sockets: wherever bytes are cut, the server hears and the client gets the same."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest

from kit.conversations import without_chunks
from kit.kernel import Unread
from kit.plays import CONTINUE, Conversation, Request
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import SILENT, Place, running_site, service

CHUNKED = (
    b"POST /c?d=e HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;ext=1\r\n there\r\n0\r\nX-Sum: 11\r\n\r\n"
)
EXPECTING = (
    b"PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
)  # fmt: skip

# What a client says, and how often "done" ends an answer until it says more.
Turn = tuple[bytes, bytes, int]

DONE = b"done"
TALKS: dict[str, list[Turn]] = {
    "GET": [(b"GET /a HTTP/1.1\r\nHost: example.org\r\nCookie: a=b; c=d\r\n\r\n", DONE, 1)],
    "POST of a length": [
        (b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nye", DONE, 1)
    ],
    "POST in chunks with trailers": [(CHUNKED, DONE, 1)],
    "two requests at once": [
        (b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", DONE, 2)
    ],
    "POST and GET at once": [(CHUNKED + b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n", DONE, 2)],
    "HEAD": [(b"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n", b"\r\n\r\n", 1)],
    "100-continue": [(EXPECTING, CONTINUE, 1), (b"abc", DONE, 1)],
}
CLOSING: list[Turn] = [(b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", b"", 0)]
ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nSet-Cookie: a=b\r\n\r\nall done",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\na;x=y\r\n\r\n\r\n  done\r\n0\r\nX-Sum: done\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone",
    "its connection's end": b"HTTP/1.0 200 OK\r\nDate: x\r\n\r\nit is done",
}


class Said(NamedTuple):
    """What one cut came to."""

    at_server: list[bytes]
    at_client: bytes


class Site:
    """The running program, and a server whose answers a test may cut."""

    def __init__(self, place: Place, server: RealServer, unread: Unread) -> None:
        self.place = place
        self.server = server
        self.unread = unread
        self.answer: Sequence[bytes] = [ANSWERS["a length"]]
        server.plays = self.play

    def play(self, conversation: Conversation) -> None:
        while request := conversation.request():
            for part in self.answer_to(request):
                conversation.send(part)
                self.unread.wait(conversation.sock)
            if b"".join(self.answer).startswith(b"HTTP/1.0"):
                return

    def answer_to(self, request: Request) -> Sequence[bytes]:
        if request.head.startswith(b"HEAD"):
            return [self.answer[0].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"]
        return self.answer

    def talk(self, turns: list[Turn], cut: int | None) -> Said:
        """Say it all on a new connection, each turn cut at `cut`, or at every byte (None)."""
        seen = len(self.server.requests)
        with RawClient(self.place) as client:
            for said, end, count in turns:
                client.send_parts(in_parts(said, cut), self.unread)
                client.until(end, count)
            if b"Connection: close" not in turns[-1][0]:
                client.finish()
            client.rest()
        # How a chunked body was cut into chunks is nobody's business.
        at_server = [without_chunks(request.raw) for request in self.server.requests[seen:]]
        return Said(at_server, without_chunks(client.received))


def in_parts(data: bytes, cut: int | None) -> list[bytes]:
    if cut is None:
        return [data[place : place + 1] for place in range(len(data))]
    return [part for part in (data[:cut], data[cut:]) if part]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("split")
    unread = Unread()
    with (
        real_server() as server,
        running_site(folder, site=service(server.address, forwarding=SILENT)) as running,
    ):
        yield Site(running.place(), server, unread)
    unread.close()


@pytest.mark.parametrize("name", TALKS)
def test_a_request_may_be_cut_at_every_byte(name: str, site: Site) -> None:
    turns = TALKS[name]
    site.answer = [ANSWERS["a length"]]
    whole = site.talk(turns, 0)
    wanted = b"".join(said for said, _, _ in turns).replace(b";ext=1", b"")
    assert b"".join(whole.at_server) == without_chunks(wanted)
    assert len(re.findall(rb"HTTP/1\.1 200", whole.at_client)) == len(whole.at_server) >= 1
    for cut in [*range(1, max(len(said) for said, _, _ in turns)), None]:
        assert site.talk(turns, cut) == whole, f"cut at {cut}"


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_may_be_cut_at_every_byte(name: str, site: Site) -> None:
    site.answer = [ANSWERS[name]]
    whole = site.talk(CLOSING, 0)
    assert b"done" in whole.at_client
    for cut in [*range(1, len(ANSWERS[name])), None]:
        site.answer = in_parts(ANSWERS[name], cut)
        assert site.talk(CLOSING, 0) == whole, f"cut at {cut}"
