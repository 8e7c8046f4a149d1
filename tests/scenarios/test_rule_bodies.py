"""Bodies that rules change, through the running program: right lengths, right codings."""

from __future__ import annotations

import gzip
import http.client
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import brotli
import pytest

from kit.running_site import RunningSite, running_site, service

PAGE = b"<a href='http://internal/x'>one</a>\n" * 300
CHANGED = PAGE.replace(b"http://internal/", b"https://www.example.com/")
CODED = {
    "": PAGE,
    "gzip": gzip.compress(PAGE),
    "x-gzip": gzip.compress(PAGE),
    "deflate": zlib.compress(PAGE),
    "br": brotli.compress(PAGE),
    "zstd": b"(\xb5/\xfd whatever that is",
}
DECODED = ("", "gzip", "x-gzip", "deflate", "br")


class Server(BaseHTTPRequestHandler):
    """Answers in the coding, and with the framing, that the path asks for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        coding, framing = self.path.strip("/").split("/")
        body = CODED[coding.removeprefix("-")]
        self.send_response(206 if framing == "part" else 200)
        self.send_header("Content-Type", "text/html")
        self.send_header("ETag", '"strong"')
        if coding != "-":
            self.send_header("Content-Encoding", coding)
        if framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 1000):
                part = body[at : at + 1000]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        coding = self.headers.get("Content-Encoding") or "plain"
        told = b"%b %d %b" % (coding.encode(), len(body), body[:20])
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@contextmanager
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield "{}:{}".format(*made.server_address[:2])
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


CHUNKS = """
on.response_chunk(function(req, res, chunk) return (chunk:gsub("one", "ONE")) end)
on.request_body(function(req, body) return (body:gsub("secret", "------")) end)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    (tmp_path / "chunks.lua").write_text(CHUNKS)
    replaces = {"http://internal/": "https://www.example.com/"}
    library = {
        "kind": "lua",
        "file": "library/replace_text.lua",
        "options": {"replace": replaces},
    }
    with server() as address:
        services = {
            "decodes": service(address, rules=[library]),
            "skips": service(address, rules=[{**library, "limits": {"coded_body": "skip"}}]),
            "small": service(
                address, rules=[{**library, "limits": {"body": "4KiB", "large_body": "refuse"}}]
            ),
            "chunks": service(address, rules=["chunks.lua"]),
        }
        with running_site(tmp_path, **services) as made:
            yield made


def asked(
    site: RunningSite, name: str, path: str, method: str = "GET", **more: Any
) -> tuple[http.client.HTTPResponse, bytes]:
    client = http.client.HTTPConnection(*site.place(name), timeout=20)
    client.request(method, path, **more)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer, body


def test_a_body_in_any_coding_that_can_be_taken_off_is_changed(site: RunningSite) -> None:
    for coding in DECODED:
        for framing in ("whole", "chunked"):
            answer, body = asked(site, "decodes", f"/{coding or '-'}/{framing}")
            assert body == CHANGED, (coding, framing)
            assert answer.getheader("Content-Encoding") is None
            assert answer.getheader("Content-Length") == str(len(CHANGED))
            assert answer.getheader("Transfer-Encoding") is None
            assert answer.getheader("ETag") is None


def test_one_that_nobody_can_take_off_passes_as_it_is(site: RunningSite) -> None:
    answer, body = asked(site, "decodes", "/zstd/whole")
    assert body == CODED["zstd"]
    assert answer.getheader("Content-Encoding") == "zstd"
    assert answer.getheader("Content-Length") == str(len(body))


def test_coded_bodies_are_left_alone_where_that_is_wanted(site: RunningSite) -> None:
    for coding in ("gzip", "br", "deflate"):
        answer, body = asked(site, "skips", f"/{coding}/whole")
        assert body == CODED[coding]
        assert answer.getheader("Content-Encoding") == coding
        assert answer.getheader("Content-Length") == str(len(body))
    assert asked(site, "skips", "/-/whole")[1] == CHANGED


def test_what_has_no_whole_body_is_not_touched(site: RunningSite) -> None:
    answer, body = asked(site, "decodes", "/gzip/whole", "HEAD")
    assert (body, answer.getheader("Content-Encoding")) == (b"", "gzip")
    answer, body = asked(site, "decodes", "/gzip/part")
    assert (answer.status, body) == (206, CODED["gzip"])


def test_what_a_body_has_when_decoded_counts_for_its_limit(site: RunningSite) -> None:
    for coding in DECODED:
        assert asked(site, "small", f"/{coding or '-'}/whole")[0].status == 502


def test_parts_are_changed_as_they_come(site: RunningSite) -> None:
    for coding in DECODED:
        answer, body = asked(site, "chunks", f"/{coding or '-'}/chunked")
        assert body.lower() == PAGE
        assert b"ONE" in body
        assert answer.getheader("ETag") == 'W/"strong"'
        assert answer.getheader("Content-Encoding") is None


def test_bodies_of_requests_as_well(site: RunningSite) -> None:
    text = b"a secret " * 1000
    for coding, coded in (("gzip", gzip.compress(text)), ("br", brotli.compress(text))):
        headers = {"Content-Encoding": coding}
        _, body = asked(site, "chunks", "/", "POST", body=coded, headers=headers)
        assert body == b"plain 9000 a ------ a ------ a "
    assert asked(site, "chunks", "/", "POST", body=text)[1].startswith(b"plain 9000 a ------ ")
