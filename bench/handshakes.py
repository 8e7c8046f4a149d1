"""The load of handshakes: one TLS connection after the other, each resumed or each anew.

wrk will not do: it resumes sessions whenever it can, and does not say so.
"""

import socket
import ssl
import time

from bench.certificate import NAME
from bench.failure import RivalFailed
from bench.load import Load
from bench.processes import LOOPBACK, on_core

ASK = b"GET /small HTTP/1.1\r\nHost: bench.example\r\nConnection: close\r\n\r\n"


def make_handshakes(port: int, seconds: float, *, core: int, resumed: bool) -> Load:
    """Connect, shake hands, ask once and close, for some seconds, from one core.

    Raises:
        RivalFailed: a connection failed, was answered wrongly, or its session was not what was
            asked for.
    """
    context = client_context()
    with on_core(core):
        session = None
        done = -1  # the first one has no session to resume
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            session = ask_by_tls(context, port, session if resumed else None)
            done += 1
    return Load(done, 0)


def client_context() -> ssl.SSLContext:
    """TLS of a client that takes what it is shown: what proxies do is to be measured."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ask_by_tls(
    context: ssl.SSLContext, port: int, session: ssl.SSLSession | None
) -> ssl.SSLSession | None:
    """Make one request on a connection of its own, and return the session for the next.

    Raises:
        RivalFailed: as above.
    """
    try:
        with (
            socket.create_connection((LOOPBACK, port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=NAME, session=session) as connection,
        ):
            connection.sendall(ASK)
            answer = b""
            while part := connection.recv(16384):
                answer += part
            kept = connection.session
            was_resumed = bool(connection.session_reused)
    except OSError as error:
        raise RivalFailed(f"a handshake failed: {error}") from error
    if not answer.startswith(b"HTTP/1.1 200") or was_resumed is not (session is not None):
        raise RivalFailed(f"a handshake, resumed {was_resumed}, was answered {answer[:40]!r}")
    return kept
