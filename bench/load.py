"""The load: wrk for requests, and plain sockets of our own for connections that only wait."""

import contextlib
import re
import resource
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.cases import LoadCase
from bench.failure import BenchError, RivalFailed
from bench.processes import LOOPBACK, on_core, program_path

CONNECTIONS_PER_SOURCE = 1000
OPENED_AT_ONCE = 50  # more could outrun a proxy's listen backlog
FILES_OF_OUR_OWN = 200
# linux/include/uapi/linux/in.h; a port is then chosen per destination, when we connect
IP_BIND_ADDRESS_NO_PORT = 24
ASK = b"GET /small HTTP/1.1\r\nHost: bench.example\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """What wrk reports: requests that were answered, and how many of them went wrong."""

    requests: int
    errors: int


def wrk() -> str:
    """Find wrk.

    Raises:
        BenchError: it is not installed.
    """
    path = program_path("wrk")
    if path is None:
        raise BenchError("wrk, which makes the load, is missing; on Debian: apt-get install wrk")
    return path


def wrk_command(case: LoadCase, port: int, seconds: int, folder: Path) -> list[str]:
    """Tell the command that makes a case's load; writes its script where it has one."""
    command = [wrk(), "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s"]
    for header in case.headers:
        command += ["-H", header]
    if case.script:
        script = folder / f"{case.name}.lua"
        script.write_text(case.script)
        command += ["-s", str(script)]
    scheme = "https" if case.needs & {"tls", "reencrypt"} else "http"
    return [*command, f"{scheme}://{LOOPBACK}:{port}{case.path}"]


def make_load(case: LoadCase, port: int, seconds: int, *, core: int, folder: Path) -> Load:
    """Send a case's requests to a port for some seconds, from one core.

    Raises:
        RivalFailed: wrk could not connect, or got no answer at all.
    """
    command = wrk_command(case, port, seconds, folder)
    try:
        with on_core(core):
            # `run` kills wrk when the time is up, and when we are interrupted.
            outcome = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds + 20, check=False
            )
    except subprocess.TimeoutExpired as expired:
        raise RivalFailed(f"wrk did not come to an end: {expired}") from expired
    load = parsed(outcome.stdout)
    if outcome.returncode != 0 or load is None or load.requests == 0:
        said = (outcome.stdout + outcome.stderr).strip().splitlines()[-1:]
        raise RivalFailed(f"wrk got no answers: {' '.join(said)}")
    return load


def parsed(output: str) -> Load | None:
    """Read wrk's report; None where it is none."""
    requests = re.search(r"(\d+) requests in ", output)
    if requests is None:
        return None
    errors = sum(int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", output))
    for line in re.findall(r"Socket errors: (.*)", output):
        errors += sum(int(number) for number in re.findall(r"\d+", line))
    return Load(requests=int(requests[1]), errors=errors)


def allow_files(wanted: int) -> int:
    """Raise our limit of open files, which the programs that we start inherit.

    Returns:
        How many files one process may open: `wanted`, or fewer where the system forbids it.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # only root may raise the hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    return min(wanted, hard)


def source_address(number: int) -> str:
    """Choose where a connection comes from, so that no address runs out of ports."""
    return f"127.0.1.{1 + number // CONNECTIONS_PER_SOURCE}"


def ask_once(connection: socket.socket) -> None:
    """Make one request and read its answer whole.

    Raises:
        RivalFailed: the answer was not a 200, or the connection ended.
        OSError: the connection broke.
    """
    connection.sendall(ASK)
    read_answer(connection)


def read_answer(connection: socket.socket) -> None:
    """Read the answer to `ASK` whole.

    Raises:
        RivalFailed: the answer was not a 200, or the connection ended.
        OSError: the connection broke.
    """
    answer = b""
    while not answer.endswith(b"x\n"):
        part = connection.recv(4096)
        answer += part
        if not part or not answer.startswith(b"HTTP/1.1 200"[: len(answer)]):
            raise RivalFailed(f"an idle connection was answered {answer[:40]!r}")


@contextlib.contextmanager
def idle_connections(
    port: int, count: int, tls: ssl.SSLContext | None = None
) -> Iterator[list[socket.socket]]:
    """Hold connections that have made one request each; all are reset at the end.

    Raises:
        RivalFailed: a connection was refused, or its request not answered.
    """
    opened: list[socket.socket] = []
    with contextlib.ExitStack() as stack:
        try:
            while len(opened) < count:
                sources = range(len(opened), min(count, len(opened) + OPENED_AT_ONCE))
                fresh = [stack.enter_context(asking(port, source_address(n), tls)) for n in sources]
                for connection in fresh:
                    read_answer(connection)
                opened += fresh
        except OSError as error:
            raise RivalFailed(f"after {len(opened)} idle connections: {error}") from error
        yield opened


def asking(port: int, source: str, tls: ssl.SSLContext | None = None) -> socket.socket:
    """Open a connection that has sent a request.

    Raises:
        OSError: it was refused or broke.
    """
    connection = socket.socket()
    try:
        connection.settimeout(10)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        # A reset leaves no TIME_WAIT behind for the next rival.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.bind((source, 0))
        connection.connect((LOOPBACK, port))
        if tls is not None:
            connection = tls.wrap_socket(connection)
        connection.sendall(ASK)
    except OSError:
        connection.close()
        raise
    return connection


def still_open(connections: list[socket.socket]) -> int:
    """Count the connections that the other side has not closed."""
    return sum(map(is_open, connections))


def is_open(connection: socket.socket) -> bool:
    """Look whether the end of a connection has arrived, without taking anything from it."""
    # Not MSG_DONTWAIT: a Python socket with a timeout would wait for it all the same.
    connection.setblocking(False)
    try:
        # By the plain method: under TLS what counts is the socket as well.
        return socket.socket.recv(connection, 1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
