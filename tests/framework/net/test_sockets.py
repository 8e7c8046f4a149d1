"""What streams do with their sockets: reset them, name their peer, take them out of a reactor."""

import os
import socket
from pathlib import Path

import pytest

from pointsman.net.sockets import leave, peer_of, reset_when_closed, within_reach


class Noting:
    def __init__(self) -> None:
        self.told: list[str] = []

    def removeReader(self, descriptor: object) -> None:
        self.told.append("no reader")

    def removeWriter(self, descriptor: object) -> None:
        self.told.append("no writer")


class Forgetful(Noting):
    def forget(self, descriptor: object) -> None:
        self.told.append("forgotten")


def test_closing_is_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), 10)
        server, _ = listener.accept()
        with server:
            server.settimeout(10)
            assert peer_of(client) == listener.getsockname()
            reset_when_closed(client)
            client.close()
            with pytest.raises(ConnectionResetError):
                server.recv(1)
        reset_when_closed(client)  # long gone: nothing to say


def test_who_has_no_address_has_an_empty_one() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_of(one) == ("", 0)
    assert peer_of(one) == peer_of(None) == ("", 0)


@pytest.mark.parametrize(
    ("reactor", "told"),
    [(Noting(), ["no reader", "no writer"]), (Forgetful(), ["forgotten"])],
)
def test_a_reactor_is_told_no_more_than_it_needs(reactor: Noting, told: list[str]) -> None:
    leave(reactor, object())
    assert reactor.told == told


def test_a_path_of_any_length_is_within_reach(tmp_path: Path) -> None:
    with within_reach("/run/short") as near:
        assert near == "/run/short"
    folder = tmp_path / ("d" * 60) / ("e" * 60)
    folder.mkdir(parents=True)
    before = set(os.listdir("/proc/self/fd"))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with within_reach(str(folder / "here")) as near:
            listener.bind(near)
        listener.listen()
        with within_reach(str(folder / "here")) as near:
            client.connect(near)
    assert (folder / "here").is_socket()
    assert set(os.listdir("/proc/self/fd")) == before
    with pytest.raises(FileNotFoundError), within_reach(str(folder / "none" / "here")):
        pass
