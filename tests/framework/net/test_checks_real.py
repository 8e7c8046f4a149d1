"""Checks at work on real sockets: a server that goes and comes back, and no descriptors left."""

import os
import subprocess
import sys
from typing import Any

import pytest
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater

from kit.real_reactor import run_reactor
from kit.words import WordCheck, WordServer
from pointsman.core.deadlines import Deadlines
from pointsman.core.health import CheckPlan
from pointsman.core.members import Member
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming
from pointsman.net.checks import Checks
from pointsman.net.dial import Dialler
from pointsman.net.probe_transports import ProbeTransports

Change = tuple[str, str, bool, str]


def real_checks(reactor: EPollReactor, changed: list[Change]) -> Checks:
    def no_names(host: str) -> tuple[str, ...]:
        return ()

    deadlines = Deadlines(reactor.seconds())
    dialler = Dialler(reactor, deadlines, no_names)
    transports = ProbeTransports.of(reactor, dialler, deadlines, no_names)

    def note(pool: str, server: str, up: bool, reason: str) -> None:
        changed.append((pool, server, up, reason))

    return Checks(reactor, transports, [note])


@pytest.mark.parametrize("check", [WordCheck(), WordCheck(connect_only=True)])
def test_a_real_server_goes_down_and_comes_back(check: WordCheck) -> None:
    changed: list[Change] = []

    async def work(reactor: EPollReactor) -> list[str]:
        async def listen(port: int) -> Any:
            endpoint = TCP4ServerEndpoint(reactor, port, interface="127.0.0.1")
            return await endpoint.listen(Factory.forProtocol(WordServer))

        async def becomes(state: str) -> str:
            for _ in range(500):
                if member.state == state:
                    break
                await deferLater(reactor, 0.01)
            return member.state

        port = await listen(0)
        number = port.getHost().port
        member = Member(RealServer("a", Address("127.0.0.1", number)))
        checks = real_checks(reactor, changed)
        timing = HealthTiming(interval=0.05, timeout=1.0, retries=0)
        checks.add(CheckPlan("web", member, check, timing))
        checks.start()
        states = [await becomes("up")]
        await port.stopListening()
        states.append(await becomes("down"))
        port = await listen(number)
        states.append(await becomes("up"))
        checks.stop()
        await port.stopListening()
        return states

    assert run_reactor(work) == ["up", "down", "up"]
    assert [(up, "refused" in reason) for _, _, up, reason in changed] == [
        (False, True),
        (True, False),
    ]


EXHAUSTION = """
import os, resource
from kit.real_reactor import run_reactor
from test_checks_real import *
from test_probe_command import Command
from test_probe_datagram import Echo, OverDatagrams

async def work(reactor):
    changed = []
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
        Factory.forProtocol(WordServer))
    checks = real_checks(reactor, changed)
    kinds = [WordCheck(), Echo(OverDatagrams()), Command(("/bin/true",))]
    members = [Member(RealServer("a", Address("127.0.0.1", port.getHost().port))) for _ in kinds]
    for member, check in zip(members, kinds):
        checks.add(CheckPlan("web", member, check, HealthTiming(interval=9, retries=0)))
    hog = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    while len(hog) < 100:
        try: hog.append(os.dup(0))
        except OSError: break
    checks.start()
    await deferLater(reactor, 0.1)
    print([member.state for member in members], changed)
    for member in members:
        print(checks.state_of(member).failure.outcome.value)
    for fd in hog: os.close(fd)
    for member in members:
        checks.check_now(member)
    await deferLater(reactor, 0.5)
    print([member.state for member in members], [change[2] for change in changed])
    checks.stop()
    await port.stopListening()

run_reactor(work)
"""


def test_no_descriptors_left_says_nothing_about_servers() -> None:
    here = os.path.dirname(__file__)
    path = os.pathsep.join([here, os.path.join(here, "..", ".."), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", EXHAUSTION],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.splitlines() == [
        "['checking', 'checking', 'checking'] []",
        *["unable"] * 3,
        # Nobody answers by UDP there: that is an answer about the server.
        "['up', 'down', 'up'] [False]",
    ], done.stderr
