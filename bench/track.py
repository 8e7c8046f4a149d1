"""Where the comparison takes place: two cores, real servers, and proxies on the other core."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import pins, real_server, ruled
from bench.cases import Case, HandshakeCase, IdleCase, LoadCase, PinsCase, RulesCase
from bench.certificate import write_certificate
from bench.failure import BenchError, RivalFailed
from bench.handshakes import client_context, make_handshakes
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
        if isinstance(case, RulesCase):
            return self.site.rule_ports[case.service]
        if isinstance(case, PinsCase):
            return self.site.pin_ports[case.service]
        if "reencrypt" in case.needs:
            return self.site.reencrypt_port
        if "tls" in case.needs:
            return self.site.tls_port
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

    def __init__(
        self,
        folder: Path,
        servers: tuple[int, int],
        tls_servers: tuple[int, int],
        certificate: Path,
    ) -> None:
        self.folder = folder
        self.servers = servers
        self.tls_servers = tls_servers
        self.certificate = certificate
        self.proxy_core, self.load_core = cores_to_use()

    @contextlib.contextmanager
    def up(self, rival: Rival) -> Iterator[Running]:
        """Run a rival while the block lasts.

        Raises:
            RivalFailed: it did not start.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"{rival.name}-", dir=self.folder))
        services = [*pins.SERVICES, *ruled.SERVICES]
        http_port, tcp_port, tls_port, reencrypt_port, *others = free_ports(4 + len(services))
        site = Site(
            folder,
            http_port,
            tcp_port,
            tls_port,
            reencrypt_port,
            self.servers,
            self.tls_servers,
            self.certificate,
            dict(zip(pins.SERVICES, others, strict=False)),
            dict(zip(ruled.SERVICES, others[len(pins.SERVICES) :], strict=True)),
        )
        command = rival.prepare(site)
        environment = rival.environment(site)
        with running(
            command, core=self.proxy_core, folder=folder, environment=environment
        ) as process:
            wait_until_it_answers(process, site.http_port, folder, rival.seconds_to_start)
            if "tcp" in rival.offers:
                wait_until_it_answers(process, site.tcp_port, folder)
            yield Running(rival, site, process)

    def load(self, case: LoadCase, to: Running, seconds: int) -> float:
        """Return the CPU time that one request costs a rival, or what pins or rules add, in us.

        Raises:
            RivalFailed: it died, or answered with errors.
        """
        if isinstance(case, PinsCase):
            half = (seconds + 1) // 2
            without = self.cost(case, to, to.site.http_port, half)
            return self.cost(case, to, to.port(case), half) - without
        return self.cost(case, to, to.port(case), seconds)

    def cost(self, case: LoadCase, to: Running, port: int, seconds: int) -> float:
        """Return the CPU time of one request to a port, in microseconds; raises as `load` does."""
        before, core = to.cpu_ns(), self.load_core
        if isinstance(case, HandshakeCase):
            load = make_handshakes(port, seconds, core=core, resumed=case.resumed)
        else:
            load = make_load(case, port, seconds, core=core, folder=self.folder)
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
            tls = client_context() if "tls" in case.needs else None
            with idle_connections(port, 200, tls):  # what it allocates once is not to be shared out
                pass
            time.sleep(SETTLE_SECONDS)
            before = rss_kib(to.process.pid)
            with idle_connections(port, count, tls) as connections:
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
        first, second, tls_first, tls_second = free_ports(4)
        certificate = write_certificate(top)
        laid = Track(top, (first, second), (tls_first, tls_second), certificate)
        command = real_server.prepare(folder, laid.servers, laid.tls_servers, certificate)
        process = stack.enter_context(running(command, core=laid.load_core, folder=folder))
        try:
            wait_until_it_answers(process, first, folder)
        except RivalFailed as failure:
            raise BenchError(f"the real servers (nginx) do not run: {failure}") from failure
        yield laid
