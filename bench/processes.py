"""Programs started on a chosen core and stopped by their own process id, whatever happens."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.failure import RivalFailed

SECONDS_TO_START = 15.0
SECONDS_TO_STOP = 5.0
LOOPBACK = "127.0.0.1"
LONGEST_WORDS = 400  # characters


def program_path(name: str) -> str | None:
    """Find a program; servers live in /usr/sbin, which PATH often leaves out."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def free_ports(count: int) -> list[int]:
    """Ask the kernel for TCP ports of loopback that nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run a block on one core, and leave that core to the programs that the block starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def running(
    command: Sequence[str], *, core: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block lasts; what it says goes to `output.txt` in its folder.

    It gets a session of its own, so that Ctrl-C reaches us alone and we stop it in order.
    """
    with (folder / "output.txt").open("wb") as output, on_core(core):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], seconds: float = SECONDS_TO_STOP) -> None:
    """Ask a program to end; where it does not within some seconds, kill it and its children."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        # The leader has not been waited for, so its id still names its own group.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_it_answers(
    process: subprocess.Popen[bytes], port: int, folder: Path, seconds: float = SECONDS_TO_START
) -> None:
    """Return once `GET /` through a port is answered with 200.

    Raises:
        RivalFailed: the program ended, or did not answer in time; with its last words.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RivalFailed(f"ended with status {process.returncode}: {last_words(folder)}")
        if status_of_root(port) == 200:
            return
        time.sleep(0.05)
    raise RivalFailed(f"no 200 from port {port} within {seconds:.0f} s: {last_words(folder)}")


def status_of_root(port: int) -> int | None:
    """Ask for `/`; None where nobody answers properly."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def last_words(folder: Path, lines: int = 3) -> str:
    """Tell the end of what a program said, in one line."""
    said = (folder / "output.txt").read_text(errors="replace").splitlines()[-lines:]
    return " | ".join(said)[-LONGEST_WORDS:] or "it said nothing"
