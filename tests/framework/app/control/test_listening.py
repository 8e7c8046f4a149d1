"""The control socket: its rights, its place, and clients of every bad kind."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from kit.any_reactor import own_reactor, settle, until
from kit.logs import noted_log
from kit.offers import registry_of
from pointsman.app.control.lines import LONGEST_REQUEST, Request
from pointsman.app.control.listening import MOST_CLIENTS, ControlSocket
from pointsman.app.control.writing import Answer
from pointsman.config.load import Configuration, load, load_mapping
from pointsman.net.listener import ListenError


def configuration(place: Path | None) -> Configuration:
    control: object = "off" if place is None else {"socket": str(place)}
    return load_mapping({"version": 1, "control": control}, registry_of(), {})


class Play:
    """A control socket that answers by the verb that it was asked."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        self.reactor = reactor
        self.place = folder / "control"
        self.asked: list[Request] = []
        self.given: list[int] = []
        self.waiting: list[Deferred[Answer]] = []
        self.control = ControlSocket(reactor, self.answer)
        self.clients: list[socket.socket] = []
        self.control.move(configuration(self.place)).carry_out()

    def answer(self, request: Request) -> Deferred[Answer]:
        self.asked.append(request)
        answer: Deferred[Answer] = Deferred()
        if request.verb == "wait":
            self.waiting.append(answer)
        elif request.verb == "much":
            answer.callback(b"x" * 1_000_000 + b"\n")
        elif request.verb == "parts":
            answer.callback(self.parts())
        elif request.verb == "raise":
            answer.errback(ZeroDivisionError())
        else:
            answer.callback(json.dumps([request.number, request.verb]).encode() + b"\n")
        return answer

    def parts(self) -> Iterator[bytes]:
        for number in range(5):
            self.given.append(number)
            yield b"%d" % number + b"x" * 300_000 + b"\n"
        yield b"done\n"

    def client(self, data: bytes = b"") -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        client.connect(str(self.place))
        self.clients.append(client)
        settle(self.reactor)
        if data:
            client.sendall(data)
        return client

    def read(self, client: socket.socket, wanted: int = 1) -> list[bytes]:
        """So many lines; fewer only at the end."""
        got = bytearray()
        left = wanted

        def enough() -> bool:
            nonlocal left
            try:
                data = client.recv(1 << 20)
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True
            got.extend(data)
            left -= data.count(b"\n")
            return not data or left <= 0

        until(self.reactor, enough)
        return bytes(got).splitlines()

    def close(self) -> None:
        self.control.close()
        for client in self.clients:
            client.close()


@pytest.fixture(params=["lean", "epoll", "asyncio"])
def any_reactor(request: pytest.FixtureRequest) -> Iterator[Any]:
    with own_reactor(request.param) as reactor:
        yield reactor


@pytest.fixture
def play(any_reactor: Any, tmp_path: Path) -> Iterator[Play]:
    play = Play(any_reactor, tmp_path)
    yield play
    play.close()


def line(verb: str, number: int = 1) -> bytes:
    return json.dumps({"id": number, "verb": verb}).encode() + b"\n"


def test_only_its_user_may_ask(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stat.S_IMODE(play.place.stat().st_mode) == 0o600


def test_it_is_made_with_those_rights(
    any_reactor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_later(path: str, mode: int) -> None:
        assert stat.S_IMODE(os.stat(path).st_mode) == mode == 0o600

    monkeypatch.setattr(os, "chmod", not_later)
    before = os.umask(0)
    try:
        play = Play(any_reactor, tmp_path)
    finally:
        os.umask(before)
    play.close()


def test_who_asks_is_answered_one_by_one(play: Play) -> None:
    client = play.client(line("a", 1) + line("b", 2) + b'{"verb": "c", "id": 3}\n')
    assert [json.loads(each) for each in play.read(client, 3)] == [[1, "a"], [2, "b"], [3, "c"]]


def test_many_ask_at_once(play: Play) -> None:
    slow = play.client(line("wait"))
    others = [play.client(line("a", number)) for number in range(8)]
    for number, client in enumerate(others):
        assert json.loads(play.read(client)[0]) == [number, "a"]
    (answer,) = play.waiting
    answer.callback(b"at last\n")
    assert play.read(slow) == [b"at last"]


def test_who_sends_no_more_is_still_answered(play: Play) -> None:
    client = play.client(line("wait") + line("b", 2))
    client.shutdown(socket.SHUT_WR)
    until(play.reactor, lambda: play.waiting)
    play.waiting[0].callback(b"first\n")
    assert play.read(client, 3) == [b"first", b'[2, "b"]']


def test_what_is_no_request_is_answered_and_the_next_one_heard(play: Play) -> None:
    client = play.client(b'what?\n{"id": 4}\n' + line("a", 5))
    first, second, third = play.read(client, 3)
    assert json.loads(first)["error"]["kind"] == "request"
    assert json.loads(second) == {
        "id": 4, "error": {"kind": "request", "words": "a request needs a verb, a text"}
    }  # fmt: skip
    assert json.loads(third) == [5, "a"]


def test_half_a_line_asks_nothing(play: Play) -> None:
    client = play.client(line("a")[:-1])
    settle(play.reactor)
    client.shutdown(socket.SHUT_WR)
    assert play.read(client) == []
    assert play.asked == []
    until(play.reactor, lambda: len(play.control) == 0)


def test_a_line_without_end_is_refused_and_the_client_let_go(play: Play) -> None:
    client = play.client()
    flood = b"x" * 4096
    sent = 0
    try:
        while sent < 64 * LONGEST_REQUEST:
            try:
                sent += client.send(flood)
            except BlockingIOError:
                settle(play.reactor)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert sent < 64 * LONGEST_REQUEST
    until(play.reactor, lambda: len(play.control) == 0)
    assert play.asked == []


def test_a_flood_of_requests_lets_others_have_their_turn(play: Play) -> None:
    play.client(line("a") * 2000)
    other = play.client(line("b", 7))
    assert json.loads(play.read(other)[0]) == [7, "b"]
    assert len(play.asked) < 2000


def test_who_does_not_read_is_asked_no_more_of(play: Play) -> None:
    client = play.client(line("much") * 5)
    until(play.reactor, lambda: len(play.asked) == 1)
    settle(play.reactor)
    settle(play.reactor)
    assert len(play.asked) == 1
    assert len(play.read(client, 5)) == 5
    assert len(play.asked) == 5


def test_an_answer_in_parts_waits_for_who_reads_it(play: Play) -> None:
    client = play.client(line("parts") + line("a", 2))
    until(play.reactor, lambda: play.given)
    settle(play.reactor)
    settle(play.reactor)
    assert len(play.given) < 5
    lines = play.read(client, 7)
    assert [each[:1] for each in lines[:5]] == [b"0", b"1", b"2", b"3", b"4"]
    assert lines[5:] == [b"done", b'[2, "a"]']


def test_who_goes_away_between_two_parts_harms_nobody(play: Play) -> None:
    client = play.client(line("parts"))
    until(play.reactor, lambda: play.given)
    client.close()
    until(play.reactor, lambda: len(play.control) == 0)
    assert len(play.given) < 5
    assert not play.reactor.getDelayedCalls()


def test_who_says_nothing_gives_way_to_who_comes(play: Play) -> None:
    busy = play.client(line("wait"))
    until(play.reactor, lambda: play.waiting)
    silent = [play.client() for _ in range(MOST_CLIENTS - 1)]
    assert len(play.control) == MOST_CLIENTS
    new = play.client(line("a", 9))
    assert json.loads(play.read(new)[0]) == [9, "a"]
    assert len(play.control) == MOST_CLIENTS
    assert play.read(silent[0]) == []
    play.waiting[0].callback(b"done\n")
    assert play.read(busy) == [b"done"]


def test_who_goes_away_while_something_is_done_for_it_harms_nobody(play: Play) -> None:
    client = play.client(line("wait"))
    until(play.reactor, lambda: play.waiting)
    client.close()
    play.waiting[0].callback(b"too late\n")
    until(play.reactor, lambda: len(play.control) == 0)


def test_a_fault_of_ours_ends_one_client(play: Play) -> None:
    with noted_log() as events:
        client = play.client(line("raise"))
        assert play.read(client) == []
    assert any("a request at the control socket failed" in str(each) for each in events)


def test_closing_leaves_nothing(play: Play) -> None:
    client = play.client(line("a") * 50)
    play.read(client)
    play.control.close()
    assert not play.place.exists()
    assert len(play.control) == 0
    assert not play.reactor.getDelayedCalls()


# ---- where it lies ----


def test_a_dead_one_is_replaced(any_reactor: Any, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control"))
    play = Play(any_reactor, tmp_path)
    assert json.loads(play.read(play.client(line("a")))[0]) == [1, "a"]
    play.close()


def test_a_live_one_is_left_alone(play: Play) -> None:
    with pytest.raises(ListenError, match="another pointsman is reached by commands at"):
        ControlSocket(play.reactor, play.answer).move(configuration(play.place))
    assert json.loads(play.read(play.client(line("a")))[0]) == [1, "a"]


def test_what_is_no_socket_is_left_alone(any_reactor: Any, tmp_path: Path) -> None:
    (tmp_path / "control").write_text("precious")
    with pytest.raises(ListenError, match="no commands can reach it: cannot listen on"):
        Play(any_reactor, tmp_path)
    assert (tmp_path / "control").read_text() == "precious"


def test_a_folder_that_is_not_there_is_told(any_reactor: Any, tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="No such file or directory"):
        Play(any_reactor, tmp_path / "none")


def test_it_moves_and_who_is_connected_stays(play: Play, tmp_path: Path) -> None:
    client = play.client(line("a"))
    play.read(client)
    other = tmp_path / "other"
    move = play.control.move(configuration(other))
    assert play.control.place == play.place
    move.carry_out()
    assert (play.place.exists(), other.exists()) == (False, True)
    client.sendall(line("b", 2))
    assert json.loads(play.read(client)[0]) == [2, "b"]
    play.control.move(configuration(None)).carry_out()
    assert play.control.place is None
    assert not other.exists()
    client.sendall(line("c", 3))
    assert json.loads(play.read(client)[0]) == [3, "c"]


def test_a_move_that_is_given_up_leaves_it_where_it_was(play: Play, tmp_path: Path) -> None:
    play.control.move(configuration(tmp_path / "other")).give_up()
    assert not (tmp_path / "other").exists()
    assert json.loads(play.read(play.client(line("a")))[0]) == [1, "a"]


def test_a_fixed_place_holds_whatever_the_configuration_says(
    any_reactor: Any, tmp_path: Path
) -> None:
    control = ControlSocket(any_reactor, Play.answer, tmp_path / "fixed")  # type: ignore[arg-type]
    control.move(configuration(tmp_path / "other")).carry_out()
    assert control.place == tmp_path / "fixed"
    control.move(configuration(None)).carry_out()
    assert [each.name for each in tmp_path.iterdir()] == ["fixed"]
    control.close()


def test_a_path_may_be_longer_than_the_kernel_takes(any_reactor: Any, tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 60) / ("e" * 60)
    folder.mkdir(parents=True)
    play = Play(any_reactor, folder)
    assert stat.S_IMODE(play.place.stat().st_mode) == 0o600
    play.close()
    assert not play.place.exists()


def test_in_state_dir_it_makes_the_folder(any_reactor: Any, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("version: 1\nstate_dir: state\n")
    control = ControlSocket(any_reactor, Play.answer)  # type: ignore[arg-type]
    control.move(load(path, registry_of(), {})).carry_out()
    assert control.place is not None
    assert control.place.parent == tmp_path / "state"
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    control.close()
