"""Mobile clients keep their cookies, come back on new connections, and count what they see."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pointsman.app.demo.lync.clients import (
    Answer,
    Crowd,
    KeptConnection,
    MobileClient,
    trusting,
)
from pointsman.app.demo.lync.lab import ROOT, Lab


class Pages(BaseHTTPRequestHandler):
    """Knows the session 7, and shows what cookies it was sent."""

    def do_POST(self) -> None:
        self.send_response(201)
        self.send_header("Set-Cookie", "one=1; Path=/; HttpOnly")
        self.send_header("Set-Cookie", "two=2")
        self.send_header("X-Front-End", "fe1")
        self.answer(b"7")

    def do_GET(self) -> None:
        known = self.path == "/mcx/7"
        self.send_response(200 if known else 404)
        self.answer((self.headers["Cookie"] or "none").encode())

    def answer(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    Lab(tmp_path).make({"fe1": "127.0.0.1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "fe1.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield "127.0.0.1", server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_client_brings_its_cookies_back(address: tuple[str, int], tmp_path: Path) -> None:
    client = MobileClient(address, "127.0.1.1", trusting(tmp_path / ROOT))
    assert client.begin().status == 201
    assert client.server == "fe1"
    assert client.come_back() == Answer(200, "one=1; two=2", client.come_back().headers)


def test_a_crowd_counts_what_it_sees(address: tuple[str, int], tmp_path: Path) -> None:
    tls = trusting(None)
    crowd = Crowd([MobileClient(address, f"127.0.1.{number}", tls) for number in (1, 2)])
    crowd.begin()
    assert crowd.come_back(2) == {"ok": 4}
    assert crowd.seen == {"ok": 6}
    assert crowd.servers == {"fe1": 2}


def test_a_session_that_is_lost_is_seen_and_begun_anew(address: tuple[str, int]) -> None:
    client = MobileClient(address, "127.0.1.1", trusting(None))
    crowd = Crowd([client])
    assert crowd.come_back() == {"404": 1}
    assert crowd.come_back() == {"ok": 1}


def test_nobody_there_is_no_answer_and_a_wrong_certificate_none_either(
    address: tuple[str, int], tmp_path: Path
) -> None:
    with socket.socket() as deaf:  # bound, but it does not listen
        deaf.bind(("127.0.0.1", 0))
        nobody = MobileClient(deaf.getsockname(), "127.0.1.1", trusting(None))
        assert nobody.begin() == Answer(0)
    other = tmp_path / "other.cer"
    other.write_bytes(Lab(tmp_path).authority.certificate.public_bytes(Encoding.DER))
    assert MobileClient(address, "127.0.1.1", trusting(other)).begin() == Answer(0)


def test_a_kept_connection_says_what_it_was_shown_and_is_not_opened_anew(
    address: tuple[str, int], tmp_path: Path
) -> None:
    with KeptConnection(address, "127.0.1.1", trusting(tmp_path / ROOT)) as client:
        assert (client.subject, client.issuer) == ("fe1.jds.net", "JDS Root CA")
        assert client.ask("/mcx/7").status == 200
        assert client.ask("/mcx/7") == Answer(0)  # it speaks HTTP/1.0, and has closed
    assert client.ask("/mcx/7") == Answer(0)


def test_in_whatever_order_they_come_back_each_does_once(address: tuple[str, int]) -> None:
    crowd = Crowd(
        [MobileClient(address, f"127.0.1.{number}", trusting(None)) for number in (1, 2, 3)]
    )
    crowd.begin()
    assert crowd.come_back(2, Random(1)) == {"ok": 6}
    assert [client.seen for client in crowd.clients] == [{"ok": 3}] * 3
    assert [client.met for client in crowd.clients] == [["fe1"]] * 3
