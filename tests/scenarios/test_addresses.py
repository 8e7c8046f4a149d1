"""Where servers may be and where a service may listen: names, unix sockets, endpoint strings."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kit.plays import answering
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, running_site, service

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
MODES = ["http", "tcp"]


class Site(NamedTuple):
    """One program, and a service for each kind of address in each mode: `unix_tcp` and so on."""

    running: RunningSite
    ip: RealServer
    unix: RealServer
    folder: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("addresses")
    with (
        real_server(answering(named(b"i"))) as ip,
        real_server(answering(named(b"u")), path=str(folder / "server")) as unix,
    ):
        places: dict[str, Any] = {
            "name": f"localhost:{ip.port}",
            "unix": unix.address,
            "endpoint": {"endpoint": f"tcp:host=127.0.0.1:port={ip.port}:timeout=5"},
            "unix_endpoint": {"endpoint": f"unix:path={folder / 'server'}"},
        }
        services = {
            f"{kind}_{mode}": service(place, mode=mode)
            for kind, place in places.items()
            for mode in MODES
        }
        for mode in MODES:
            listen = f"unix:{folder / mode}"
            services[f"listening_{mode}"] = service(ip.address, mode=mode, listen=listen)
        services["unknown"] = service("nobody.invalid:80", ip.address)
        services["all"] = service(*places.values())
        with running_site(folder, **services) as running:
            yield Site(running, ip, unix, folder)
    assert not (folder / "http").exists(), "a socket was left behind"
    assert not (folder / "tcp").exists()


def named(name: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%b." % name


def asked(client: RawClient) -> str:
    """The name of the server that answers."""
    return client.ask(GET, b".")[-2:-1].decode()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("kind", "server"), [("name", "i"), ("unix", "u"), ("endpoint", "i"), ("unix_endpoint", "u")]
)
def test_a_server_may_be_there(kind: str, server: str, mode: str, site: Site) -> None:
    for _ in range(2):
        with RawClient(site.running.place(f"{kind}_{mode}")) as client:
            assert asked(client) + asked(client) == server * 2


@pytest.mark.parametrize("mode", MODES)
def test_a_service_may_listen_on_a_unix_socket(mode: str, site: Site) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(site.folder / mode))
        client.sendall(GET)
        answer = b""
        while not answer.endswith(b"i."):
            more = client.recv(4096)
            assert more, answer
            answer += more


def test_a_name_that_nobody_knows_is_no_server(site: Site) -> None:
    with RawClient(site.running.place("unknown")) as client:
        assert {asked(client) for _ in range(4)} == {"i"}  # every other is tried there first


def test_all_kinds_take_turns_in_one_pool(site: Site) -> None:
    place = site.running.place("all")
    with RawClient(place) as one, RawClient(place) as two:
        told = [asked(client) for _ in range(4) for client in (one, two)]
        assert sorted(told) == ["i"] * 4 + ["u"] * 4
