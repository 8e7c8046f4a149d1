"""Every request of the tables, sent through the running proxy to a server that notes all bytes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from kit.malformed import MALFORMED, Case
from kit.odd_requests import ODD
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import SILENT, Place, running_site, service

GET = b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Site(NamedTuple):
    place: Place
    server: RealServer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("malformed")
    with (
        real_server() as server,
        running_site(folder, site=service(server.address, forwarding=SILENT)) as running,
    ):
        yield Site(running.place(), server)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in STATUS.findall(answer)]


@pytest.mark.parametrize("case", [*MALFORMED, *ODD], ids=lambda case: case.name)
def test_it_is_judged_as_the_table_says(case: Case, site: Site) -> None:
    server = site.server
    seen, before = len(server.requests), received(server)
    good = [200] * len(case.reaches)
    with RawClient(site.place) as client:
        client.send(case.raw)
        if case.status is not None:
            answer = client.rest()  # it comes to an end: the connection is closed
            assert statuses(answer) == [*good, case.status], answer
        else:
            answer = client.until(b"\r\n\r\nhello", len(good))
            wanted = 100 if b"100-continue" in case.raw.lower() else 200
            assert statuses(answer)[0] == wanted
            assert statuses(answer)[-len(good) :] == good
            last_one = b"HTTP/1.0" in case.raw and b"keep-alive" not in case.raw
            if last_one or b", close\r\n" in case.raw:
                assert client.rest() == b""
            else:
                assert statuses(client.ask(GET)) == [200]
    with RawClient(site.place) as another:  # what reached the server late comes before this
        another.ask(GET)

    reached = [request for request in server.requests[seen:] if request.raw != GET]
    assert tuple((request.head, request.body) for request in reached) == case.reaches
    in_pieces = received(server) - before - sum(len(it.raw) for it in server.requests[seen:])
    if case.status is None or b"Transfer-Encoding: chunked\r\n\r\n" not in case.raw:
        assert in_pieces == 0, "something reached the server that is no whole request"
    elif in_pieces:
        # A head was sound and went on its way before its chunks turned out not to be: the server
        # gets no end of them.
        broken = [talk for talk in server.conversations if talk.unfinished][-1]
        server.until(lambda: broken.ended)
        assert case.raw.startswith(broken.unfinished.partition(b"\r\n\r\n")[0])
        assert not broken.unfinished.endswith(b"0\r\n\r\n")


def received(server: RealServer) -> int:
    """Bytes that reached the server until now."""
    return sum(len(talk.received) for talk in server.conversations)
