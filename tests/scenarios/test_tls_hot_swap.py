"""Certificates are replaced under load: no request fails, and no connection is closed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool

from kit.nginx import Load, load_of
from kit.programs import NeedsProgram
from kit.real_reactor import run_reactor
from kit.real_servers import real_server
from kit.running_site import service as settings_of
from kit.ssl_modes import identity
from kit.tls_site import LEAF, NAME, ROOT, TlsClient, sections
from pointsman.app.service import service as service_of

SWAPS = 40


@pytest.mark.parametrize("kept_alive", [True, False])
def test_no_request_fails_while_certificates_are_replaced(
    kept_alive: bool, tmp_path: Path, needs_program: NeedsProgram
) -> None:
    wrk = needs_program("wrk", package="wrk")
    renewed = [identity(ROOT.leaf(NAME, "127.0.0.1")) for _ in range(3)]

    async def work(reactor: EPollReactor) -> tuple[Load, bytes, int]:
        config: dict[str, Any] = {
            "version": 1,
            "virtual_services": {
                "site": settings_of(real.address, tls={"mode": "offload", "certificates": "pool"})
            },
            **sections(tmp_path),
        }
        for one in config["certificates"].values():
            one["pem"] = str(tmp_path / one["pem"])
        config["intermediates"]["root"]["file"] = str(tmp_path / "root.pem")
        balancer = service_of(config, reactor)
        balancer.startService()
        try:
            running = balancer.site
            assert running is not None
            (port,) = running.ports["site"]
            mode: Any = running.services[0].service.tls
            side = mode.client
            clients: Any = running.services[0].clients
            old = await in_thread(reactor, TlsClient, ("127.0.0.1", port))
            command = [wrk, "-t1", "-c16", "-d4s", f"https://127.0.0.1:{port}/"]
            command += [] if kept_alive else ["-H", "Connection: close"]
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            for number in range(SWAPS):
                side.replace([renewed[number % 3]])
                await deferLater(reactor, 0.05, lambda: None)
            load = await in_thread(reactor, load_of, process)
            with old:
                answer = await in_thread(
                    reactor, old.ask, b"GET / HTTP/1.1\r\nHost: pool.example\r\n\r\n"
                )
                shown = old.sock.getpeercert(binary_form=True)
            assert shown == LEAF.certificate_der
            return load, answer, clients.tls.done
        finally:
            await balancer.stopService()

    with real_server() as real:
        load, answer, handshakes = run_reactor(work, seconds=60)
    assert load.requests > 100
    assert load.errors == 0, load.output
    assert answer.endswith(b"hello")
    assert handshakes >= (17 if kept_alive else load.requests)


def in_thread(reactor: EPollReactor, work: Any, *arguments: Any) -> Deferred[Any]:
    return deferToThreadPool(reactor, reactor.getThreadPool(), work, *arguments)
