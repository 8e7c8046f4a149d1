"""A responder is asked within bounds of time and size."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from kit.ocsp import responder
from pointsman_ssl.responder import MOST_BYTES, ResponderPlace, answer_of, responder_place


def test_what_a_url_means() -> None:
    assert responder_place("http://ocsp.example") == ResponderPlace("ocsp.example", 80, "/")
    assert responder_place("http://[::1]:81/a?b=c") == ResponderPlace("::1", 81, "/a?b=c")


@pytest.mark.parametrize(
    "url",
    ["", "ocsp.example", "https://a.example/", "http://", "http://a:b/", "http://u@a.example/"],
)
def test_what_is_no_url_of_a_responder(url: str) -> None:
    with pytest.raises(ValueError, match="a URL like"):
        responder_place(url)


def test_the_question_is_posted_and_the_answer_comes() -> None:
    with responder(lambda request: request[::-1]) as url:
        assert answer_of(url, b"question") == b"noitseuq"


def test_an_error_and_an_answer_too_long() -> None:
    with (
        responder(lambda request: b"") as url,
        pytest.raises(ValueError, match="answers with status 500"),
    ):
        answer_of(url, b"question")
    with (
        responder(lambda request: bytes(MOST_BYTES + 1)) as url,
        pytest.raises(ValueError, match="longer than 64 KiB"),
    ):
        answer_of(url, b"question")


@contextmanager
def saying(*pieces: bytes) -> Iterator[str]:
    """A server that says these pieces whatever it is asked, then waits."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            sock, _ = listening.accept()
            with sock:
                sock.recv(4096)
                for piece in pieces:
                    sock.sendall(piece)
                done.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        done.set()
        thread.join(10)


@contextmanager
def trickling(head: bytes) -> Iterator[str]:
    """A server that begins well, then says one byte now and then."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            sock, _ = listening.accept()
            with sock, suppress(OSError):
                sock.recv(4096)
                sock.sendall(head or b"HTTP/1.1 200 OK\r\nX: ")
                for _ in range(1000):
                    sock.sendall(b"x")
                    if done.wait(0.01):
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        done.set()
        thread.join(10)


def test_silence_is_given_up() -> None:
    with saying() as url, pytest.raises(TimeoutError):
        answer_of(url, b"question", timeout=0.05)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_trickle_is_given_up(head: bytes) -> None:
    with trickling(head) as url, pytest.raises(TimeoutError, match="takes too long"):
        answer_of(url, b"question", timeout=0.1)


def test_what_is_no_http_is_said_to_be_none() -> None:
    with saying(b"nonsense\r\n\r\n") as url, pytest.raises(ValueError, match="speak HTTP"):
        answer_of(url, b"question")


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        answer_of(f"http://127.0.0.1:{port}/", b"question")
