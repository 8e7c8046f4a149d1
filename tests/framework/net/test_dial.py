"""Dialling real servers over loopback, and those that do not answer."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from kit.any_reactor import until
from kit.logs import noted_log
from kit.streams import NotingOwner
from pointsman.core.deadlines import Deadlines
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman.net.dial import Dialler
from pointsman.net.local import LocalServer

HERE = "127.0.0.1"


def nobody(host: str) -> Sequence[str]:
    return ()


def server(address: str = "", *, endpoint: str = "", local: str = "") -> RealServer:
    place = Address.parse(address) if address else Address()
    return RealServer("a", place, endpoint=endpoint, local=local)


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind((HERE, 0))
        return int(sock.getsockname()[1])


class Silent:
    """An address whose accept queue is full: a connect to it stays under way."""

    def __enter__(self) -> Silent:
        self.listener = socket.socket()
        self.listener.bind((HERE, 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((HERE, self.port))
            self.fillers.append(filler)
        return self

    def __exit__(self, *exception: object) -> None:
        for sock in [self.listener, *self.fillers]:
            sock.close()


def test_a_server_that_listens_is_reached(any_reactor: Any) -> None:
    owner = NotingOwner()
    with socket.create_server((HERE, 0)) as listener:
        port = listener.getsockname()[1]
        Dialler(any_reactor, Deadlines(0), nobody).dial(server(f"{HERE}:{port}"), 5, owner)
        until(any_reactor, lambda: owner.stream)
        accepted, _ = listener.accept()
        assert owner.stream is not None
        assert owner.stream.peer == (HERE, port)
    accepted.send(b"hello")
    owner.stream.resume()
    until(any_reactor, lambda: owner.data == b"hello")
    owner.stream.close()
    accepted.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_and_unix_sockets_are_reached(lean_reactor: Any, tmp_path: Path) -> None:
    path = tmp_path / "server"
    six = socket.create_server(("::1", 0), family=socket.AF_INET6)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(path))
    unix.listen(1)
    dialler = Dialler(lean_reactor, Deadlines(0), nobody)
    for place in (f"[::1]:{six.getsockname()[1]}", f"unix:{path}"):
        owner = NotingOwner()
        dialler.dial(server(place), 5, owner)
        until(lean_reactor, partial(getattr, owner, "stream"))
        assert owner.stream is not None
        owner.stream.abort()
    six.close()
    unix.close()


def test_a_refusal_says_so(any_reactor: Any) -> None:
    owner = NotingOwner()
    Dialler(any_reactor, Deadlines(0), nobody).dial(server(f"{HERE}:{closed_port()}"), 5, owner)
    until(any_reactor, lambda: owner.failure)
    assert owner.failure is not None
    assert str(owner.failure) == "Connection refused"
    assert (owner.failure.phase, owner.failure.retryable) == ("connect", True)


def test_a_want_of_our_own_is_said_once_a_minute(
    lean_reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*arguments: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    deadlines = Deadlines(0)
    dialler = Dialler(lean_reactor, deadlines, nobody)
    monkeypatch.setattr(socket, "socket", short)
    with noted_log() as said:
        for second in (0, 59, 61):
            deadlines.tick(second)
            owner = NotingOwner()
            assert dialler.dial(server(f"{HERE}:1"), 5, owner) is None
            assert owner.failure is not None
            assert owner.failure.is_ours
    assert [event["log_level"].name for event in said] == ["error"] * 2


def test_an_unknown_name_and_a_missing_path_fail_at_once(lean_reactor: Any, tmp_path: Path) -> None:
    dialler = Dialler(lean_reactor, Deadlines(0), nobody)
    for place, says in (
        ("nowhere.example:80", "nowhere.example: the name does not resolve"),
        (f"unix:{tmp_path}/none", "No such file or directory"),
    ):
        owner = NotingOwner()
        assert dialler.dial(server(place), 5, owner) is None
        assert str(owner.failure) == says


def test_all_addresses_of_a_name_are_tried_in_order(any_reactor: Any) -> None:
    owner = NotingOwner()
    with socket.create_server((HERE, 0)) as listener:
        port = listener.getsockname()[1]
        asked: list[str] = []

        def addresses(host: str) -> Sequence[str]:
            asked.append(host)
            return ("127.0.0.2", "127.0.0.3", HERE)

        dialler = Dialler(any_reactor, Deadlines(0), addresses)
        dialler.dial(server(f"web.example:{port}"), 5, owner)
        until(any_reactor, lambda: owner.stream)
        assert owner.stream is not None
        assert owner.stream.peer[0] == HERE
    assert asked == ["web.example"]
    owner.stream.abort()


def test_silence_ends_with_the_time_and_a_cancelled_call_in_silence(any_reactor: Any) -> None:
    wheel = Deadlines(0)
    dialler = Dialler(any_reactor, wheel, nobody)
    late, cancelled = NotingOwner(), NotingOwner()
    with Silent() as silent:
        place = server(f"{HERE}:{silent.port}")
        assert dialler.dial(place, 3, late) is not None
        call = dialler.dial(place, 3, cancelled)
        assert call is not None
        call.cancel()
        call.cancel()
        wheel.tick(2)
        assert late.failure is None
        wheel.tick(4)
        assert str(late.failure) == "timed out"
        wheel.tick(100)
    assert cancelled.failure is None
    assert any_reactor.getWriters() == []


def test_another_s_event_is_not_taken_for_a_connection(any_reactor: Any) -> None:
    wheel = Deadlines(0)
    owner = NotingOwner()
    with Silent() as silent:
        place = server(f"{HERE}:{silent.port}")
        assert Dialler(any_reactor, wheel, nobody).dial(place, 3, owner) is not None
        (attempt,) = any_reactor.getWriters()
        attempt.doWrite()
        any_reactor.removeWriter(attempt)
        attempt.connectionLost(None)  # as a reactor does that takes it for a hang-up
        assert any_reactor.getWriters() == [attempt]
        assert (owner.stream, owner.failure) == (None, None)
        wheel.tick(4)
    assert str(owner.failure) == "timed out"


def test_endpoints_and_local_servers_are_dialled_too(lean_reactor: Any) -> None:
    class Greeter(Protocol):
        def connectionMade(self) -> None:
            assert self.transport is not None
            self.transport.write(b"hello")

    local = {"greeter": LocalServer(Factory.forProtocol(Greeter))}
    dialler = Dialler(lean_reactor, Deadlines(0), nobody, local)
    owner = NotingOwner()
    dialler.dial(server(local="greeter"), 5, owner)
    assert owner.stream is not None
    owner.stream.resume()
    until(lean_reactor, lambda: owner.data == b"hello")
    owner.stream.abort()
    until(lean_reactor, lambda: owner.is_lost)
    local["greeter"].stop()

    owner = NotingOwner()
    with socket.create_server((HERE, 0)) as listener:
        port = listener.getsockname()[1]
        dialler.dial(server(endpoint=f"tcp:{HERE}:{port}"), 5, owner)
        until(lean_reactor, lambda: owner.stream)
    assert owner.stream is not None
    owner.stream.abort()
    until(lean_reactor, lambda: owner.is_lost)
