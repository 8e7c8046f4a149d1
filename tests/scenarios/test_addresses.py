"""Where servers may be and where a service may listen: names, unix sockets, endpoint strings."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from kit.plays import answering
from kit.raw_clients import RawClient
from kit.real_servers import real_server
from kit.running_site import running_site, service

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_a_server_is_found_by_its_name(tmp_path: Path) -> None:
    with (
        real_server() as server,
        running_site(tmp_path, site=service(f"localhost:{server.port}")) as site,
        RawClient(site.place()) as client,
    ):
        for _ in range(3):
            assert client.ask(GET).startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(server.requests) == 3


def test_a_name_that_nobody_knows_is_no_server(tmp_path: Path) -> None:
    with (
        real_server() as server,
        running_site(tmp_path, site=service("nobody.invalid:80", server.address)) as site,
        RawClient(site.place()) as client,
    ):
        for _ in range(4):  # of which every other is tried there first
            assert client.ask(GET).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_server_behind_a_unix_socket(mode: str, tmp_path: Path) -> None:
    with (
        real_server(path=str(tmp_path / "server")) as server,
        running_site(tmp_path, site=service(server.address, mode=mode)) as site,
        RawClient(site.place()) as client,
    ):
        for _ in range(2):
            assert client.ask(GET).startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(server.requests) == 2


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_service_listens_on_a_unix_socket(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "service"
    with (
        real_server() as server,
        running_site(
            tmp_path, site=service(server.address, mode=mode, listen=f"unix:{path}")
        ) as site,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(GET)
        answer = b""
        while not answer.endswith(b"hello"):
            more = client.recv(4096)
            assert more, answer
            answer += more
        client.close()
        assert site.record_of("/" if mode == "http" else None)["status"] in (200, None)
    assert not path.exists(), "the socket was left behind"


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_server_named_by_an_endpoint_string(mode: str, tmp_path: Path) -> None:
    with real_server() as server:
        endpoint = {"endpoint": f"tcp:host=127.0.0.1:port={server.port}:timeout=5"}
        with (
            running_site(tmp_path, site=service(endpoint, mode=mode)) as site,
            RawClient(site.place()) as client,
        ):
            for _ in range(2):
                assert client.ask(GET).startswith(b"HTTP/1.1 200 OK\r\n")


def test_all_kinds_in_one_pool(tmp_path: Path) -> None:
    with (
        real_server(answering(named(b"1"))) as one,
        real_server(answering(named(b"2"))) as two,
        real_server(answering(named(b"3")), path=str(tmp_path / "three")) as three,
        real_server(answering(named(b"4")), path=str(tmp_path / "four")) as four,
        running_site(
            tmp_path,
            site=service(
                one.address,
                f"localhost:{two.port}",
                three.address,
                {"endpoint": f"unix:path={tmp_path / 'four'}"},
            ),
        ) as site,
        RawClient(site.place()) as client,
    ):
        told = {client.ask(GET, b".")[-2:-1] for _ in range(8)}
        assert told == {b"1", b"2", b"3", b"4"}
        assert [len(server.requests) for server in (one, two, three, four)] == [2] * 4


def named(name: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%b." % name
