"""Clients that people use: curl, wrk, requests, httpx and nc get through the running program."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import requests

from kit.nginx import Nginx, load_of, nginx, wrk
from kit.plays import Conversation
from kit.programs import path_of_program
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, running_site, service

MIB = 1 << 20
FILE = bytes(range(256)) * 4096  # 1 MiB


class Site(NamedTuple):
    """`web`: two nginx; `taking`: a server of ours that tells the digest of what it was sent."""

    running: RunningSite
    servers: tuple[Nginx, Nginx]
    taking: RealServer


def tell_digest(conversation: Conversation) -> None:
    while request := conversation.request():
        told = hashlib.sha256(request.body).hexdigest().encode()
        conversation.send(b"HTTP/1.1 201 Created\r\nContent-Length: 64\r\n\r\n" + told)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("clients")
    with nginx(folder, "a") as a, nginx(folder, "b") as b, real_server(tell_digest) as taking:
        for server in (a, b):
            (server.files / "file").write_bytes(FILE)
        services = {"web": service(a.address, b.address), "taking": service(taking.address)}
        with running_site(folder, **services) as running:
            yield Site(running, (a, b), taking)


def curl(*arguments: str, data: bytes = b"") -> bytes:
    program = path_of_program("curl", package="curl")
    command = [program, "--silent", "--show-error", "--fail", "--max-time", "30", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_gets(site: Site) -> None:
    assert curl(site.running.url("/file", "web")) == FILE


def test_curl_gets_twice_on_one_connection_and_both_servers_answer(site: Site) -> None:
    url = site.running.url("/name", "web")
    told = curl("--write-out", "%{num_connects}\n", url, url).split()
    assert {told[0], told[2]} == {b"a", b"b"}
    assert (told[1], told[3]) == (b"1", b"0")


def test_curl_asks_for_a_head(site: Site) -> None:
    head = curl("--head", site.running.url("/file", "web"))
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: %d\r\n" % MIB in head


def test_curl_speaks_http_1_0(site: Site) -> None:
    assert curl("--http1.0", site.running.url("/file", "web")) == FILE
    head = curl("--http1.0", "--head", site.running.url("/file", "web"))
    assert b"\r\nConnection: close\r\n" in head


def test_curl_asks_for_a_range(site: Site) -> None:
    assert curl("--range", "1000-1999", site.running.url("/file", "web")) == FILE[1000:2000]


def test_curl_gets_what_has_not_changed(site: Site) -> None:
    url = site.running.url("/file", "web")
    changed = [line for line in curl("--head", url).splitlines() if b"ETag:" in line]
    tag = changed[0].split(b": ")[1].decode()
    asked = ("--header", f"If-None-Match: {tag}", "--write-out", "%{http_code}", url)
    assert curl(*asked) == b"304"


def test_curl_posts_a_file(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(FILE * 3)
    told = curl("--data-binary", f"@{file}", site.running.url("/", "taking"))
    assert told.decode() == hashlib.sha256(FILE * 3).hexdigest()


def test_curl_uploads_in_chunks(site: Site) -> None:
    told = curl("--upload-file", "-", site.running.url("/put", "taking"), data=FILE)
    assert told.decode() == hashlib.sha256(FILE).hexdigest()
    assert b"\r\nTransfer-Encoding: chunked\r\n" in site.taking.requests[-1].head


def test_curl_waits_until_its_body_is_wanted(site: Site) -> None:
    # Were its 100 (Continue) not passed on, curl would send after ten seconds all the same.
    told = curl(
        *("--header", "Expect: 100-continue", "--expect100-timeout", "10", "--max-time", "9"),
        *("--data-binary", "@-", site.running.url("/", "taking")),
        data=FILE,
    )
    assert told.decode() == hashlib.sha256(FILE).hexdigest()
    assert b"\r\nExpect: 100-continue\r\n" in site.taking.requests[-1].head


def test_wrk_meets_no_error_and_both_servers_work(site: Site) -> None:
    before = [server.requests for server in site.servers]
    load = load_of(wrk(site.running.url("/name", "web"), seconds=2, connections=32))
    assert load.errors == 0, load.output
    assert load.requests > 500, load.output
    shares = [server.requests - was for server, was in zip(site.servers, before, strict=True)]
    assert min(shares) > 0.4 * sum(shares)


def test_requests_keeps_its_connection(site: Site) -> None:
    with requests.Session() as session:
        told = [session.get(site.running.url("/name", "web"), timeout=30).text for _ in range(6)]
        assert told.count("a\n") == told.count("b\n") == 3
        answer = session.post(site.running.url("/", "taking"), data=iter([FILE, FILE]), timeout=30)
        assert answer.text == hashlib.sha256(FILE * 2).hexdigest()
    ports = {record["client_port"] for record in last_of(site, "/name", 6)}
    assert len(ports) == 1


def test_httpx_keeps_its_connection(site: Site) -> None:
    with httpx.Client(timeout=30, trust_env=False) as client:
        told = [client.get(site.running.url("/name", "web")).text for _ in range(6)]
        assert told.count("a\n") == told.count("b\n") == 3
        assert client.head(site.running.url("/file", "web")).headers["Content-Length"] == str(MIB)
        answer = client.put(site.running.url("/", "taking"), content=iter([FILE, FILE]))
        assert answer.text == hashlib.sha256(FILE * 2).hexdigest()


def last_of(site: Site, target: str, count: int) -> list[dict[str, object]]:
    """The newest records of a target; a record of a later request shows that all are written."""
    curl(site.running.url("/name?last", "web"))
    site.running.record_of("/name?last")
    return [record for record in site.running.records() if record["target"] == target][-count:]


def nc(site: Site, *arguments: str, data: bytes) -> bytes:
    program = path_of_program("nc", package="netcat-openbsd")
    host, port = site.running.place("web")
    done = subprocess.run(
        [program, *arguments, host, str(port)],
        input=data,
        capture_output=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_nc_ends_its_sending_side_and_gets_its_answer(site: Site) -> None:
    answer = nc(site, "-N", data=b"GET /name HTTP/1.1\r\nHost: h\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer[-2:] in (b"a\n", b"b\n")


def test_nc_sends_three_requests_at_once_and_gets_their_answers_in_order(site: Site) -> None:
    ask = b"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = nc(site, "-N", data=ask % b"name" + ask % b"none" + ask % b"file")
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200", b"404", b"200"]
    assert answer.endswith(FILE)
