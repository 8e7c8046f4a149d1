"""Where the comparison takes place: two cores, real servers, and proxies on the other core."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import real_server
from bench.cases import Case, IdleCase, LoadCase
from bench.failure import BenchError, RivalFailed
from bench.load import (
    FILES_OF_OUR_OWN,
    allow_files,
    ask_once,
    idle_connections,
    make_load,
    still_open,
)
from bench.measure import cores_to_use, cpu_ns, rss_kib
from bench.processes import free_ports, on_core, running, wait_until_it_answers
from bench.rivals import Rival, Site

FILES = 32_768
ERRORS_ALLOWED = 0.001  # of the requests; more and the sample does not count
SETTLE_SECONDS = 1.0


@dataclass
class Running:
    """A rival that is up."""

    rival: Rival
    site: Site
    process: subprocess.Popen[bytes]

    def port(self, case: Case) -> int:
        """Choose the port that a case's traffic goes to."""
        return self.site.tcp_port if "tcp" in case.needs else self.site.http_port

    def cpu_ns(self) -> int:
        """Return its CPU time so far, in nanoseconds.

        Raises:
            RivalFailed: it has died.
        """
        if self.process.poll() is not None:
            raise RivalFailed(f"died with status {self.process.returncode}")
        try:
            return cpu_ns(self.process.pid)
        except OSError as error:
            raise RivalFailed(f"one of its processes died: {error}") from error


class Track:
    """Two cores, the real servers on one of them, and a folder that is gone afterwards."""

    def __init__(self, folder: Path, servers: tuple[int, int]) -> None:
        self.folder = folder
        self.servers = servers
        self.proxy_core, self.load_core = cores_to_use()

    @contextlib.contextmanager
    def up(self, rival: Rival) -> Iterator[Running]:
        """Run a rival while the block lasts.

        Raises:
            RivalFailed: it did not start.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"{rival.name}-", dir=self.folder))
        http_port, tcp_port = free_ports(2)
        site = Site(folder, http_port, tcp_port, self.servers)
        command = rival.prepare(site)
        environment = rival.environment(site)
        with running(
            command, core=self.proxy_core, folder=folder, environment=environment
        ) as process:
            wait_until_it_answers(process, site.http_port, folder)
            if "tcp" in rival.offers:
                wait_until_it_answers(process, site.tcp_port, folder)
            yield Running(rival, site, process)

    def load(self, case: LoadCase, to: Running, seconds: int) -> float:
        """Return the CPU time that one request costs a rival, in microseconds.

        Raises:
            RivalFailed: it died, or answered with errors.
        """
        before = to.cpu_ns()
        load = make_load(case, to.port(case), seconds, core=self.load_core, folder=self.folder)
        used = to.cpu_ns() - before
        if load.errors > ERRORS_ALLOWED * load.requests:
            raise RivalFailed(f"{load.errors} errors in {load.requests} requests")
        return used / 1000 / load.requests

    def idle(self, case: IdleCase, to: Running) -> float:
        """Return the memory that a waiting connection costs a rival, in KiB.

        Raises:
            RivalFailed: it refused or closed connections.
        """
        count = min(case.connections, allow_files(FILES) - FILES_OF_OUR_OWN)
        port = to.port(case)
        with on_core(self.load_core):
            with idle_connections(port, 200):  # what it allocates once is not to be shared out
                pass
            time.sleep(SETTLE_SECONDS)
            before = rss_kib(to.process.pid)
            with idle_connections(port, count) as connections:
                time.sleep(SETTLE_SECONDS)
                used = rss_kib(to.process.pid) - before
                ask_once(connections[0])
                if (alive := still_open(connections)) < count:
                    raise RivalFailed(f"closed {count - alive} of {count} idle connections")
        return used / count


@contextlib.contextmanager
def track() -> Iterator[Track]:
    """Lay the track: a temporary folder and the real servers.

    Raises:
        BenchError: the real servers do not start.
    """
    allow_files(FILES)
    with contextlib.ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pointsman-bench-")))
        folder = top / "real-servers"
        folder.mkdir()
        first, second = free_ports(2)
        laid = Track(top, (first, second))
        command = real_server.prepare(folder, laid.servers)
        process = stack.enter_context(running(command, core=laid.load_core, folder=folder))
        try:
            wait_until_it_answers(process, first, folder)
        except RivalFailed as failure:
            raise BenchError(f"the real servers (nginx) do not run: {failure}") from failure
        yield laid
