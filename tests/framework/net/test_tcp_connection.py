"""Tcp mode: dialling at once, trying the next, counting and recording."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kit.any_reactor import own_reactor, until
from kit.dialling import FakeStream
from kit.logs import noted_log
from kit.programs import NeedsProgram
from kit.sockets import PlayedPeer, reset, socket_pair
from kit.tcp_site import HERE, Site
from pointsman.contracts import Arrival, Candidate
from pointsman.core.members import Member
from pointsman.core.pool import Pool
from pointsman.model.address import Address
from pointsman.model.pool_settings import OutlierSettings, PoolSettings, QueueSettings
from pointsman.model.record import (
    CONNECT_FAILED,
    NO_SERVER,
    OK,
    OVERLOADED,
)
from pointsman.model.server import RealServer
from pointsman.net.listener import Listener
from pointsman.net.plain_stream import PlainStream


@pytest.fixture
def site(lean_reactor: Any) -> Iterator[Site]:
    site = Site(lean_reactor)
    yield site
    site.close()


def test_the_server_is_dialled_before_the_client_says_a_word(site: Site) -> None:
    client = site.come()
    assert [attempt.server.name for attempt in site.dials.attempts] == ["a"]
    assert (site.members[0].active, site.members[0].tunnels) == (1, 1)
    upstream = FakeStream(site.dials.attempts[0].owner)
    site.dials.attempts[0].owner.dialled(upstream)
    upstream.owner.data_received(b"220 ready")
    site.until(lambda: client.has(9))
    assert client.received == b"220 ready"


def test_a_server_that_fails_is_followed_by_another(site: Site) -> None:
    site.come()
    site.dials.attempts[0].fail()
    assert [attempt.server.name for attempt in site.dials.attempts] == ["a", "b"]
    assert [member.failures for member in site.members] == [1, 0]
    assert [member.active for member in site.members] == [0, 1]


def test_what_this_machine_is_short_of_is_no_server_s_fault(site: Site) -> None:
    client = site.come()
    site.dials.attempts[0].fail(errno.EMFILE)
    assert len(site.dials.attempts) == 1
    assert [member.failures for member in site.members] == [0, 0]
    assert site.reasons == [OVERLOADED]
    site.until(lambda: client.pull())
    site.check_quiet()


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(("members", "most", "tried"), [(2, 3, 2), (5, 3, 3), (5, 1, 1)])
def test_after_all_attempts_the_client_is_reset(
    lean_reactor: Any, at_once: bool, members: int, most: int, tried: int
) -> None:
    site = Site(lean_reactor, members, max_attempts=most)
    site.dials.fail_at_once = at_once
    client = site.come()
    for number in range(0 if at_once else tried):
        site.dials.attempts[number].fail()
    assert len(site.dials.attempts) == tried
    assert site.reasons == [CONNECT_FAILED]
    assert (site.records[0].attempts, site.records[0].server) == (tried, "")
    site.until(lambda: client.pull())
    assert client.broken
    site.close()


def test_without_a_member_the_client_is_reset(site: Site) -> None:
    for member in site.members:
        member.set_health(False, "down")
    client = site.come()
    assert site.reasons == [NO_SERVER]
    assert site.records[0].pin == ""
    site.until(lambda: client.pull())
    assert client.broken


def test_a_scheduler_that_raises_leaves_no_client_behind(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        raise ValueError("at fault")

    monkeypatch.setattr(site.scheduler, "pick", broken)
    with pytest.raises(ValueError, match="at fault"):
        site.come()
    site.until(lambda: site.peers[0].pull())
    site.check_quiet()


def test_nc_with_half_close_through_a_listener(needs_program: NeedsProgram) -> None:
    nc = needs_program("nc", package="netcat-openbsd")
    with own_reactor("lean") as reactor:
        site = Site(reactor)
        listener = Listener(reactor, Address(HERE, 0), 8, site.clients.accepted)
        listener.open()
        command = [nc, "-N", "-w", "10", HERE, str(listener.port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b"x" * 300_000)
            process.stdin.close()
            until(reactor, lambda: site.dials.attempts)
            ours, theirs = socket_pair()
            upstream = PlayedPeer(theirs)
            owner = site.dials.attempts[0].owner
            owner.dialled(PlainStream(reactor, ours, owner))
            until(reactor, lambda: upstream.pull())
            assert len(upstream.received) == 300_000
            upstream.send(b"you sent 300000\n")
            upstream.finish()
            until(reactor, lambda: upstream.push() and site.records)
            assert process.stdout.read() == b"you sent 300000\n"
            assert process.wait(5) == 0
        upstream.close()
        listener.close()
        assert site.reasons == [OK]
        site.close()


def test_a_route_chooses_the_pool_or_nobody(lean_reactor: Any) -> None:
    chosen: list[Pool | None] = []
    site = Site(lean_reactor, route=lambda arrival: chosen.pop())
    other = Member(RealServer("other"))
    chosen += [None, Pool("other", [other], site.scheduler)]
    site.come()
    assert [attempt.server for attempt in site.dials.attempts] == [other.server]
    nobody = site.come()
    assert site.reasons == [NO_SERVER]
    site.until(nobody.pull)
    assert nobody.broken
    site.close()
    assert other.active == 0


# ---- a server is taken out, and nothing is to be left there (DESIGN 5.3) ----


def test_design_5_3_a_tunnel_to_a_dropped_server_is_cut(site: Site) -> None:
    client = site.come()
    upstream = FakeStream(site.dials.attempts[0].owner)
    site.dials.attempts[0].owner.dialled(upstream)
    site.clients.leave(site.members[1])
    assert site.reasons == []
    site.clients.leave(site.members[0])
    assert site.reasons == ["dropped"]
    site.until(lambda: client.pull())


def test_design_5_3_who_still_dials_a_dropped_server_is_led_to_another(site: Site) -> None:
    site.come()
    site.members[0].set_health(False, "down")
    site.clients.leave(site.members[0])
    first, second = site.dials.attempts
    assert (first.cancelled, second.server.name) == (True, "b")
    assert [member.active for member in site.members] == [0, 1]


# ---- all servers are over their limits ----


@pytest.fixture
def crowded(lean_reactor: Any) -> Iterator[Site]:
    queue = QueueSettings(size=1, timeout=5.0)
    site = Site(lean_reactor, 1, max_connections=1, pool_settings=PoolSettings(queue=queue))
    yield site
    site.close()


def test_a_connection_waits_until_a_server_has_room(crowded: Site) -> None:
    first, second = crowded.come(), crowded.come()
    assert len(crowded.dials.attempts) == 1
    second.sock.send(b"early")
    reset(first.sock)
    crowded.until(lambda: len(crowded.dials.attempts) == 2)
    upstream = FakeStream(crowded.dials.attempts[1].owner)
    crowded.dials.attempts[1].owner.dialled(upstream)
    crowded.until(lambda: upstream.written == b"early")


def test_a_connection_that_is_one_too_many_or_waits_too_long_is_closed(crowded: Site) -> None:
    crowded.come()
    late = crowded.come()
    one_too_many = crowded.come()
    crowded.until(lambda: one_too_many.pull())
    crowded.pool.tick(4.9)
    assert crowded.reasons == ["overloaded"]
    crowded.pool.tick(5.0)
    assert crowded.reasons == ["overloaded"] * 2
    crowded.until(lambda: late.pull())


def test_a_connection_that_leaves_waits_no_longer(crowded: Site) -> None:
    first, second = crowded.come(), crowded.come()
    reset(second.sock)
    crowded.until(lambda: crowded.reasons == ["client_aborted"])
    reset(first.sock)
    crowded.until(lambda: len(crowded.reasons) == 2)
    assert len(crowded.dials.attempts) == 1


def test_what_goes_wrong_after_waiting_ends_that_connection_alone(
    crowded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = crowded.come(), crowded.come()

    def breaks(arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        raise RuntimeError("broken")

    monkeypatch.setattr(crowded.scheduler, "pick", breaks)
    reset(first.sock)
    with noted_log() as events:
        crowded.until(lambda: len(crowded.reasons) == 2)
    assert sorted(crowded.reasons) == ["client_aborted", "plugin_error"]
    assert [str(event["log_failure"].value) for event in events if "log_failure" in event] == [
        "broken"
    ]
    crowded.until(lambda: second.pull())


# ---- no server is left ----


def test_the_sorry_pool_serves(site: Site) -> None:
    spare = Member(RealServer("spare", Address(HERE, 1)))
    site.service.sorry = Pool("sorry", [spare], site.scheduler)
    for member in site.members:
        member.set_health(False, "down")
    site.come()
    assert [attempt.server.name for attempt in site.dials.attempts] == ["spare"]
    site.dials.attempts[0].fail()
    assert site.reasons == [CONNECT_FAILED]
    assert spare.active == 0


def test_the_sorry_pool_serves_when_every_server_has_just_refused(site: Site) -> None:
    spare = Member(RealServer("spare", Address(HERE, 1)))
    site.service.sorry = Pool("sorry", [spare], site.scheduler)
    site.come()
    for number in range(2):
        site.dials.attempts[number].fail()
    assert [attempt.server.name for attempt in site.dials.attempts] == ["a", "b", "spare"]


def test_a_service_that_is_disabled_takes_nobody(site: Site) -> None:
    site.service.enabled = False
    client = site.come()
    site.until(lambda: client.pull())
    assert (site.dials.attempts, site.service.accepted) == ([], 0)


def test_outliers_are_seen_in_tcp_mode_as_well(lean_reactor: Any) -> None:
    outliers = OutlierSettings(errors=2)
    site = Site(lean_reactor, 2, pool_settings=PoolSettings(outliers=outliers))
    for number, ends in enumerate((False, True, False, False)):
        site.come()
        attempt = site.dials.attempts[-1]
        assert attempt.server.name == "a", number
        if ends:
            attempt.owner.dialled(FakeStream(attempt.owner))
        else:
            attempt.fail()
    assert [member.state for member in site.members] == ["ejected", "up"]
    site.close()
