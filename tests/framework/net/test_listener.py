"""Listening with real sockets: families, unix sockets, storms and want of descriptors."""

from __future__ import annotations

import errno
import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.any_reactor import settle, until
from kit.logs import noted_log
from pointsman.model.address import Address
from pointsman.net import listener as listener_module
from pointsman.net.listener import Listener, ListenError

HERE = "127.0.0.1"


class Door:
    """Takes in what a listener accepts."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.came: list[tuple[socket.socket, tuple[str, int]]] = []
        self.listeners: list[Listener] = []
        self.clients: list[socket.socket] = []

    def accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        self.came.append((sock, peer))

    def listen(self, address: Address, backlog: int = 64) -> Listener:
        listener = Listener(self.reactor, address, backlog, self.accepted)
        self.listeners.append(listener)
        listener.open()
        return listener

    def connect(self, port: int, host: str = HERE) -> socket.socket:
        client = socket.create_connection((host, port), timeout=5)
        self.clients.append(client)
        return client

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        for sock in [*self.clients, *(sock for sock, _ in self.came)]:
            sock.close()


@pytest.fixture
def door(any_reactor: Any) -> Iterator[Door]:
    door = Door(any_reactor)
    yield door
    door.close()


@pytest.fixture
def lean_door(lean_reactor: Any) -> Iterator[Door]:
    door = Door(lean_reactor)
    yield door
    door.close()


def test_clients_come_in_ready_for_use(door: Door) -> None:
    listener = door.listen(Address(HERE, 0))
    assert listener.port > 0
    clients = [door.connect(listener.port) for _ in range(3)]
    until(door.reactor, lambda: len(door.came) == 3)
    assert [peer for _, peer in door.came] == [client.getsockname() for client in clients]
    for sock, _ in door.came:
        assert not sock.getblocking()
        assert not os.get_inheritable(sock.fileno())
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_closing_stops_accepting_and_leaves_the_accepted(door: Door) -> None:
    listener = door.listen(Address(HERE, 0))
    port = listener.port
    client = door.connect(port)
    until(door.reactor, lambda: door.came)
    listener.close()
    listener.close()
    assert listener.port == 0
    with pytest.raises(ConnectionRefusedError):
        door.connect(port)
    door.came[0][0].send(b"still here")
    assert client.recv(20) == b"still here"
    door.listen(Address(HERE, port))  # at once again, though a connection is open


def test_pause_leaves_clients_in_the_queue(door: Door) -> None:
    listener = door.listen(Address(HERE, 0))
    listener.pause()
    door.connect(listener.port)
    settle(door.reactor)
    assert not door.came
    listener.resume()
    until(door.reactor, lambda: door.came)


def test_a_star_listens_on_both_families_and_names_ipv4_peers_plainly(door: Door) -> None:
    listener = door.listen(Address("", 0))
    client = door.connect(listener.port)
    until(door.reactor, lambda: door.came)
    assert door.came[0][1] == client.getsockname()
    if socket.has_dualstack_ipv6():
        six = door.connect(listener.port, "::1")
        until(door.reactor, lambda: len(door.came) == 2)
        assert door.came[1][1] == six.getsockname()[:2]


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_an_ipv6_address_is_ipv6_only(lean_door: Door) -> None:
    listener = lean_door.listen(Address("::", 0))
    with pytest.raises(ConnectionRefusedError):
        lean_door.connect(listener.port)
    lean_door.listen(Address("0.0.0.0", listener.port))


def test_a_name_is_looked_up(lean_door: Door) -> None:
    assert lean_door.listen(Address("localhost", 0)).port > 0


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EADDRINUSE, "somebody listens there already"),
        (errno.EACCES, "ports below 1024 need root"),
        (errno.EADDRNOTAVAIL, "does not belong to this machine"),
    ],
)
def test_errors_name_address_reason_and_what_to_do(
    lean_door: Door, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def bind(self: socket.socket, place: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ListenError, match=r"cannot listen on 127\.0\.0\.1:80: .*" + says):
        lean_door.listen(Address(HERE, 80))


def test_an_address_in_use_and_one_that_is_not_ours_are_refused(lean_door: Door) -> None:
    listener = lean_door.listen(Address(HERE, 0))
    with pytest.raises(ListenError, match="already in use"):
        lean_door.listen(Address(HERE, listener.port))
    with pytest.raises(ListenError, match="does not belong"):
        lean_door.listen(Address("192.0.2.1", 0))


def test_a_unix_socket_comes_and_goes_with_the_listener(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "door"
    before = os.umask(0o027)
    try:
        listener = door.listen(Address(path=str(path)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        until(door.reactor, lambda: door.came)
    assert door.came[0][1] == ("", 0)
    assert listener.port == 0
    listener.close()
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced_and_one_in_use_is_not(
    lean_door: Door, tmp_path: Path
) -> None:
    path = tmp_path / "door"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = lean_door.listen(Address(path=str(path)))
    with pytest.raises(ListenError, match="already in use"):
        lean_door.listen(Address(path=str(path)))
    assert path.exists()
    listener.close()
    path.write_text("precious")
    with pytest.raises(ListenError, match="not a socket"):
        lean_door.listen(Address(path=str(path)))
    assert path.read_text() == "precious"


def test_a_successor_s_unix_socket_is_not_removed(lean_door: Door, tmp_path: Path) -> None:
    path = tmp_path / "door"
    old = lean_door.listen(Address(path=str(path)))
    path.rename(tmp_path / "old")  # so that its inode is not used again
    lean_door.listen(Address(path=str(path)))
    old.close()
    assert path.exists()


def test_a_storm_is_taken_in_by_bounded_turns(
    lean_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "_ACCEPTS_PER_TURN", 10)
    listener = lean_door.listen(Address(HERE, 0))
    for _ in range(35):
        lean_door.connect(listener.port)
    counts = []
    for _ in range(6):
        lean_door.reactor.iterate(0.05)
        counts.append(len(lean_door.came))
    assert counts == [10, 20, 30, 35, 35, 35]


def test_without_descriptors_it_rests_says_so_once_and_goes_on(lean_door: Door) -> None:
    listener = lean_door.listen(Address(HERE, 0))
    for _ in range(3):
        lean_door.connect(listener.port)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(fd) for fd in os.listdir("/proc/self/fd"))
    fillers = [os.open("/dev/null", os.O_RDONLY)]
    while fillers[-1] < highest:  # no gap below the limit
        fillers.append(os.open("/dev/null", os.O_RDONLY))
    try:
        with noted_log() as said:
            resource.setrlimit(resource.RLIMIT_NOFILE, (fillers[-1] + 1, hard))
            settle(lean_door.reactor, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in fillers:
            os.close(fd)
    assert not lean_door.came
    assert [event["log_level"].name for event in said] == ["error"]
    (rest,) = lean_door.reactor.getDelayedCalls()
    rest.reset(0)  # instead of waiting for a second
    until(lean_door.reactor, lambda: len(lean_door.came) == 3)


def test_clients_leave_descriptors_to_servers_and_checks(
    lean_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    # Three clients' ends and their accepted ones below the line, and plenty above it.
    monkeypatch.setattr(listener_module, "_KEPT", soft - free - 6)
    monkeypatch.setattr(listener_module, "_KEPT_PART", 1)
    listener = lean_door.listen(Address(HERE, 0))
    for _ in range(5):
        lean_door.connect(listener.port)
    with noted_log() as said:
        settle(lean_door.reactor, 10)
        assert 0 < len(lean_door.came) < 5
        before = len(lean_door.came)
        for _ in range(3):
            (rest,) = lean_door.reactor.getDelayedCalls()
            rest.reset(0)  # instead of waiting for a second
            settle(lean_door.reactor, 3)
        assert len(lean_door.came) == before
        assert [event["log_level"].name for event in said] == ["error"]
        os.close(os.dup(0))  # there are descriptors left
        for sock, _ in lean_door.came:
            sock.close()
        for client in lean_door.clients[:before]:
            client.close()
        (rest,) = lean_door.reactor.getDelayedCalls()
        rest.reset(0)
        until(lean_door.reactor, lambda: len(lean_door.came) > before)


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPERM])
def test_one_client_that_cannot_be_taken_in_does_not_keep_others_out(
    lean_door: Door, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    listener = lean_door.listen(Address(HERE, 0))
    lean_door.connect(listener.port)
    accept, failures = socket.socket.accept, [OSError(number, os.strerror(number))]

    def failing(self: socket.socket) -> Any:
        if failures:
            raise failures.pop()
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", failing)
    until(lean_door.reactor, lambda: lean_door.came)
    assert not failures


def test_whoever_raises_when_given_a_client_loses_that_client_only(lean_reactor: Any) -> None:
    came: list[socket.socket] = []

    def accepted(sock: socket.socket, peer: tuple[str, int]) -> None:
        came.append(sock)
        if len(came) == 1:
            raise ValueError("at fault")

    listener = Listener(lean_reactor, Address(HERE, 0), 8, accepted)
    listener.open()
    try:
        with (
            noted_log() as events,
            socket.create_connection((HERE, listener.port), 5) as one,
            socket.create_connection((HERE, listener.port), 5),
        ):
            until(lean_reactor, lambda: len(came) == 2)
            assert one.recv(1) == b""
    finally:
        listener.close()
        for sock in came:
            sock.close()
    assert any("log_failure" in event for event in events)


def test_clients_can_be_given_to_somebody_else(door: Door) -> None:
    listener = door.listen(Address(HERE, 0))
    others: list[socket.socket] = []
    listener.hand_to(lambda sock, peer: others.append(sock), 128)
    door.connect(listener.port)
    until(door.reactor, lambda: others)
    assert door.came == []
    others[0].close()


def test_who_waits_in_the_queue_can_be_taken_in_before_it_closes(door: Door) -> None:
    listener = door.listen(Address(HERE, 0))
    door.connect(listener.port)
    listener.take_waiting()
    assert len(door.came) == 1
    listener.pause()
    door.connect(listener.port)
    listener.take_waiting()
    assert len(door.came) == 1


def test_a_unix_socket_has_the_rights_that_are_wanted(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "door"
    listener = Listener(door.reactor, Address(path=str(path)), 8, door.accepted, rights=0o600)
    listener.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listener.close()
    assert not path.exists()
