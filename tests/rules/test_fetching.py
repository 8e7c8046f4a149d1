"""Requests of rules, to a real server on loopback."""

import socket
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from kit.certificates import Issued
from kit.plays import polite
from kit.real_reactor import run_reactor
from kit.real_servers import real_server
from kit.tls_site import LEAF, NAME, ROOT, over_tls
from pointsman.model.address import Address
from pointsman_rules.fetching import Request, fetch, trust_in


def told_of(answer: bytes, most: int = 1000, body: str = "") -> tuple[Any, bytes]:
    """What a rule is told of that answer, and the request that the server got."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        got = b""

        def work(reactor: Any) -> Deferred[Any]:
            done: Deferred[Any] = Deferred()
            request = ("POST" if body else "GET", "/p?q", [("X-A", "1")], body)
            fetch(
                reactor, Address("127.0.0.1", port), "web", request, most,
                lambda *said: done.callback(said),
            )  # fmt: skip
            reactor.callInThread(serve)
            return done

        def serve() -> None:
            nonlocal got
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(5)
                while b"\r\n\r\n" not in got or not got.endswith(body.encode()):
                    got += peer.recv(65536)
                peer.sendall(answer)

        return run_reactor(work), got


def test_a_rule_is_told_status_body_and_fields() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-B: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    said, got = told_of(answer)
    assert said[:3] == (True, 200, "hi")
    assert "b" in said[3:]
    assert got.startswith(b"GET /p?q HTTP/1.1\r\n")
    assert b"Host: web\r\n" in got
    assert b"X-A: 1\r\n" in got


def test_a_body_is_sent() -> None:
    answer = b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n"
    said, got = told_of(answer, body="sent")
    assert said[:3] == (True, 204, "")
    assert got.endswith(b"\r\n\r\nsent")
    assert b"Content-Length: 4\r\n" in got


def test_what_goes_wrong_is_told() -> None:
    too_large = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000
    assert "more than 1000 bytes" in told_of(too_large)[0][1]
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nx"
    assert "broke off" in told_of(cut)[0][1]
    assert told_of(b"nonsense\r\n\r\n")[0][0] is False


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = bound.getsockname()[1]

        def work(reactor: Any) -> Deferred[Any]:
            done: Deferred[Any] = Deferred()
            request: Request = ("GET", "/", [], "")
            fetch(
                reactor, Address("127.0.0.1", port), "web", request, 1,
                lambda *said: done.callback(said),
            )  # fmt: skip
            return done

        ok, why = run_reactor(work)
    assert not ok
    assert why.startswith("http.fetch: ")


# ---- HTTPS ----


def asked_over_tls(name: str, trust: bytes | None, leaf: Issued = LEAF) -> tuple[Any, ...]:
    """What a rule is told by a server with that certificate."""
    with real_server(over_tls(polite, leaf)) as server:

        def work(reactor: Any) -> Deferred[Any]:
            done: Deferred[Any] = Deferred()
            fetch(
                reactor, Address("127.0.0.1", server.port), "web", ("GET", "/", [], ""), 1000,
                lambda *said: done.callback(said), name, None if trust is None else trust_in(trust),
            )  # fmt: skip
            return done

        said: tuple[Any, ...] = run_reactor(work)
        return said


def test_https_is_spoken_to_the_server_that_is_meant() -> None:
    ours = ROOT.certificate_pem
    assert asked_over_tls(NAME, ours)[:2] == (True, 200)
    assert asked_over_tls("127.0.0.1", ours)[:2] == (True, 200)
    ok, told = asked_over_tls("somebody.example", ours)[:2]
    assert (ok, told) == (False, "http.fetch: the server's certificate is not for that name")
    ok, told = asked_over_tls(NAME, None)[:2]
    assert not ok
    assert "certificate verify failed" in told


def test_who_is_believed_must_be_readable() -> None:
    for pem in (b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"):
        with pytest.raises(ValueError, match="no certificate that can be read"):
            trust_in(pem)
