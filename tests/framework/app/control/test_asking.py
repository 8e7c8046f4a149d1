"""A command's end of the control socket: what it makes of every kind of answer, and of none."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pointsman.app.control.asking import AskedInVain, Asker, UnreachableError
from pointsman.model.errors import Problem

PATIENCE = 30.0


@contextmanager
def answering(place: Path, *answers: bytes) -> Iterator[list[bytes]]:
    """Somebody at that place who answers each request by the next of these, and then goes."""
    heard: list[bytes] = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    listener.listen(8)
    listener.settimeout(PATIENCE)

    def serve() -> None:
        client, _ = listener.accept()
        client.settimeout(PATIENCE)
        with client, client.makefile("rb") as lines:
            for answer in answers:
                heard.append(lines.readline())
                if answer:  # else it was part of the one before, and the client may be gone
                    client.sendall(answer)
            heard.append(lines.readline())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield heard
    finally:
        thread.join(PATIENCE)
        listener.close()


def test_questions_and_answers_by_turns(tmp_path: Path) -> None:
    place = tmp_path / "control"
    with answering(place, b'{"id":1,"answer":{"a":1}}\n', b'{"id":2,"answer":null}\n') as heard:
        asker = Asker(place)
        assert asker.ask("status") == {"a": 1}
        assert asker.ask("reload", file="x") is None
        asker.close()
    assert [json.loads(line) for line in heard[:2]] == [
        {"id": 1, "verb": "status", "arguments": {}},
        {"id": 2, "verb": "reload", "arguments": {"file": "x"}},
    ]


def test_an_answer_may_come_in_pieces_with_the_next_one(tmp_path: Path) -> None:
    place = tmp_path / "control"
    pieces = b'{"id":1,"answer":"%b"}\n{"id":2,"answer":2}\n' % (b"x" * 700_000)
    with answering(place, pieces, b""):
        asker = Asker(place)
        assert asker.ask("a") == "x" * 700_000
        assert asker.ask("b") == 2
        asker.close()


def test_an_answer_in_parts(tmp_path: Path) -> None:
    place = tmp_path / "control"
    lines = b'{"id":1,"part":[1]}\n{"id":1,"part":[2]}\n{"id":1,"answer":null}\n'
    with answering(place, lines, b'{"id":2,"answer":3}\n'):
        asker = Asker(place)
        assert [*asker.parts("pins_export", pool="web")] == [[1], [2]]
        assert asker.ask("b") == 3
        asker.close()


def test_parts_that_end_in_an_error(tmp_path: Path) -> None:
    place = tmp_path / "control"
    with answering(
        place, b'{"id":1,"part":[1]}\n{"id":1,"error":{"kind":"failed","words":"no more"}}\n'
    ):
        asker = Asker(place)
        parts = asker.parts("pins_export")
        assert next(parts) == [1]
        with pytest.raises(AskedInVain, match="no more"):
            next(parts)
        asker.close()


def test_an_error_bears_its_kind_and_its_problems(tmp_path: Path) -> None:
    place = tmp_path / "control"
    problem = {"file": "f", "line": 1, "column": 2, "key": "k", "message": "m", "hint": ""}
    error = {"kind": "configuration", "words": "wrong", "problems": [problem]}
    with answering(place, json.dumps({"id": 1, "error": error}).encode() + b"\n"):
        asker = Asker(place)
        with pytest.raises(AskedInVain, match="wrong") as raised:
            asker.ask("reload")
        asker.close()
    assert raised.value.kind == "configuration"
    assert raised.value.problems == (Problem("f", 1, 2, "k", "m"),)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\n", b"[]\n"])
def test_who_speaks_another_language(tmp_path: Path, answer: bytes) -> None:
    place = tmp_path / "control"
    with answering(place, answer):
        asker = Asker(place)
        with pytest.raises(UnreachableError, match="is no control socket of pointsman"):
            asker.ask("status")
        asker.close()


def test_who_goes_away(tmp_path: Path) -> None:
    place = tmp_path / "control"
    with answering(place):
        asker = Asker(place)
        with pytest.raises(UnreachableError, match="it went away before it answered"):
            asker.ask("status")
        asker.close()


def test_who_says_nothing(tmp_path: Path) -> None:
    place = tmp_path / "control"
    with answering(place, b""):
        asker = Asker(place, patience=0.05)
        with pytest.raises(UnreachableError, match="does not answer"):
            asker.ask("status")
        asker.close()


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="No such file or directory"):
        Asker(tmp_path / "none")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(UnreachableError, match="it has ended without removing its socket"):
        Asker(tmp_path / "dead")
