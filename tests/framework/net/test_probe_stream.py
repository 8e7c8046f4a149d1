"""Probes over streams, plain and with TLS: every end comes in time and with its reason."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from OpenSSL import SSL, crypto

from kit.certificates import Authority, Issued
from kit.probing import answering, playing, probe_once, said
from kit.tls import ours, theirs
from kit.words import WordProbe
from pointsman.contracts import Arrival, OverTls, Verdict
from pointsman.model.server import RealServer

ROOT = Authority.root()
LEAF = ROOT.leaf("pool.example")


class Side:
    """What a TLS mode would hand over: trusts ROOT, and one name."""

    def __init__(self, *, wrong: str = "", verify: bool = True) -> None:
        self.context = ours()
        self.wrong = wrong
        self.learnt = 0
        if verify:
            store = self.context.get_cert_store()
            assert store is not None
            store.add_cert(crypto.X509.from_cryptography(ROOT.certificate))
            self.context.set_verify(SSL.VERIFY_PEER, lambda *facts: bool(facts[-1]))

    def key(self, server: RealServer, arrival: Arrival) -> Hashable:
        return "key"

    def connection(self, sock: Any, server: RealServer, key: Hashable) -> Any:
        connection = SSL.Connection(self.context, sock)
        connection.set_connect_state()
        return connection

    def trouble(self, connection: Any, key: Hashable) -> str:
        return self.wrong

    def failure(self, connection: Any, words: str) -> str:
        return words

    def learn(self, connection: Any, key: Hashable) -> None:
        self.learnt += 1


class TlsWords:
    """Asks for a word over TLS."""

    describes = "word over TLS"

    def __init__(self, side: Side) -> None:
        self.side = side

    def probe(self, server: RealServer) -> WordProbe:
        return WordProbe()

    def over(self, server: RealServer) -> OverTls:
        return OverTls(self.side, "key")


@contextmanager
def tls_server(leaf: Issued, answer: bytes = b"ok") -> Iterator[str]:
    context = theirs(leaf)

    def play(plain: socket.socket, stop: threading.Event) -> None:
        with context.wrap_socket(plain, server_side=True) as sock:
            sock.recv(100)
            sock.sendall(answer)
            sock.recv(100)

    with playing(play) as place:
        yield place


def test_a_word_over_tls_and_every_step_of_it() -> None:
    side = Side()
    with tls_server(LEAF) as place:
        report = probe_once(TlsWords(side), place)
    assert said(report) == ("good", "ok")
    assert [step.what for step in report.steps] == ["connect", "connect", "sent", "received"]
    assert report.steps[0].words == f"connected to {place}"
    assert report.steps[1].words.startswith("TLSv1.3 TLS_")
    assert side.learnt == 0  # each probe sees the certificate anew
    assert [step.at for step in report.steps] == sorted(step.at for step in report.steps)


def test_a_certificate_that_nobody_vouches_for() -> None:
    with tls_server(Authority.root().leaf("pool.example")) as place:
        report = probe_once(TlsWords(Side()), place)
    words = "TLS handshake: the certificate of the peer cannot be trusted"
    assert said(report) == ("bad", f"no TLS with {place}: {words}")
    assert report.tls_error == words
    assert report.sent == b""


def test_a_certificate_for_somebody_else() -> None:
    with tls_server(LEAF) as place:
        report = probe_once(TlsWords(Side(wrong="the certificate is for pool.example")), place)
    assert said(report) == ("bad", f"no TLS with {place}: the certificate is for pool.example")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "what the peer sent is no TLS"),
        (b"\x16\x03\x01\x00\x02\x0b\x00", ""),
        (b"", "the peer closed the connection without close_notify"),
    ],
)
def test_a_server_that_breaks_off_its_handshake(answer: bytes, words: str) -> None:
    with answering(answer) as place:
        report = probe_once(TlsWords(Side()), place)
    assert report.outcome.value == "bad"
    assert report.reason.startswith(f"no TLS with {place}: TLS handshake: {words}")
    assert report.tls_error


def test_a_server_that_accepts_and_never_shakes_hands() -> None:
    with answering(b"\x16\x03", linger=True) as place:
        report = probe_once(TlsWords(Side()), place, timeout=0.3)
    assert said(report) == ("silent", "no TLS within 300ms")
    assert report.remedy == f"TLS of {place} within 300ms, or a longer `timeout`"
    assert [step.what for step in report.steps] == ["connect"]


def test_a_refusal_is_no_matter_of_tls() -> None:
    with answering() as place:
        pass
    report = probe_once(TlsWords(Side()), place)
    assert said(report) == ("bad", f"cannot connect to {place}: Connection refused")
    assert report.tls_error == ""


def test_tls_may_be_of_an_older_version() -> None:
    context = ssl.TLSVersion.TLSv1_2
    side = Side()
    side.context.set_max_proto_version(context)
    with tls_server(LEAF) as place:
        report = probe_once(TlsWords(side), place)
    assert said(report) == ("good", "ok")
    assert report.steps[1].words.startswith("TLSv1.2 ")


# ---- servers that mean no good ----


class Long:
    """Waits for a line."""

    describes = "line"

    def probe(self, server: RealServer) -> LineWanted:
        return LineWanted()


class LineWanted:
    def start(self) -> bytes:
        return b"?"

    def receive(self, data: bytes) -> Verdict | None:
        return Verdict(True, "a line") if b"\n" in data else None

    def closed(self) -> Verdict:
        return Verdict(False, "closed too early")


def test_a_byte_now_and_then_is_no_answer() -> None:
    def play(sock: socket.socket, stop: threading.Event) -> None:
        while not stop.wait(0.05):
            sock.sendall(b".")

    with playing(play) as place:
        report = probe_once(Long(), place, timeout=0.4)
    assert report.outcome.value == "silent"
    assert report.reason.startswith("no whole answer within 400ms (")
    assert report.took < 5


def test_a_gigabyte_is_cut_off_soon() -> None:
    sent = 0

    def play(sock: socket.socket, stop: threading.Event) -> None:
        nonlocal sent
        block = b"x" * 65536
        while sent < 2**30:
            sock.sendall(block)  # until it is reset
            sent += len(block)

    with playing(play) as place:
        report = probe_once(Long(), place)
    assert said(report) == ("bad", "sent more than 128KiB and no end in sight")
    assert report.received_size < 2**20
    assert sent < 2**26  # what the kernel has room for
    assert len(report.received) == 1024


def test_a_close_half_way_a_reset_and_a_half_close() -> None:
    def closes(sock: socket.socket, stop: threading.Event) -> None:
        sock.recv(10)
        sock.sendall(b"half")

    def resets(sock: socket.socket, stop: threading.Event) -> None:
        sock.recv(10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_closes(sock: socket.socket, stop: threading.Event) -> None:
        sock.sendall(b"half")
        sock.shutdown(socket.SHUT_WR)
        stop.wait(10)

    for play, reason in (
        (closes, "closed too early"),
        (resets, "the connection broke after 0 bytes: Connection reset by peer"),
        (half_closes, "closed too early"),
    ):
        with playing(play) as place:
            assert said(probe_once(Long(), place)) == ("bad", reason)
