"""Handshakes, resumed or not, against a server that the test plays."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.certificate import write_certificate
from bench.failure import RivalFailed
from bench.handshakes import make_handshakes
from bench.measure import cores_to_use

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nx\n"


@contextlib.contextmanager
def server(folder: Path, answer: bytes = ANSWER, *, tickets: bool = True) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(folder))
    if not tickets:
        context.num_tickets = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with contextlib.suppress(OSError), context.wrap_socket(plain, True) as tls:
                        tls.recv(4096)
                        tls.sendall(answer)
                        tls.unwrap()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@pytest.mark.parametrize("resumed", [True, False])
def test_every_handshake_is_what_was_asked_for(tmp_path: Path, resumed: bool) -> None:
    _, core = cores_to_use()
    with server(tmp_path) as port:
        load = make_handshakes(port, 0.3, core=core, resumed=resumed)
    assert load.requests > 3
    assert load.errors == 0


def test_a_server_that_does_not_resume_gets_no_number(tmp_path: Path) -> None:
    _, core = cores_to_use()
    with server(tmp_path, tickets=False) as port, pytest.raises(RivalFailed, match="resumed"):
        make_handshakes(port, 1.0, core=core, resumed=True)


def test_a_wrong_answer_gets_no_number(tmp_path: Path) -> None:
    _, core = cores_to_use()
    with (
        server(tmp_path, b"HTTP/1.1 503 No\r\n\r\n") as port,
        pytest.raises(RivalFailed, match="503"),
    ):
        make_handshakes(port, 1.0, core=core, resumed=False)
