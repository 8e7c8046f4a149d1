"""Answers as JSON, written in steps: one of thousands of servers must not hold traffic up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from pointsman.config.steps import Steps, at_once

# What a request is answered by: a line, or several that come one after the other.
Answer = bytes | Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer too large for one line.

    Attributes:
        parts: of it, each small; whatever they raise ends it.
        last: the answer itself, asked for after all of them.
    """

    parts: Iterator[Any]
    last: Callable[[], Any]


def part_lines(
    number: object, answer: Parts, failed: Callable[[Exception], bytes]
) -> Iterator[bytes]:
    """The lines of an answer in parts: ``{"id": ..., "part": ...}``, and at the end the answer.

    Args:
        number: of the request.
        answer: in parts.
        failed: the line for an error that came between them.
    """
    try:
        for part in answer.parts:
            yield _line(number, "part", at_once(written(part)))
        yield _line(number, "answer", at_once(written(answer.last())))
    except Exception as error:
        yield failed(error)


def written(told: Any) -> Steps[str]:
    """A value as JSON: dataclasses are objects. A step is an element of a list.

    Args:
        told: of dataclasses, mappings, lists, tuples, texts, numbers, booleans and None.
    """
    if isinstance(told, list | tuple):
        elements: list[str] = []
        for each in told:
            elements.append((yield from written(each)))
            yield
        return f"[{','.join(elements)}]"
    if is_dataclass(told) and not isinstance(told, type):
        told = {field.name: getattr(told, field.name) for field in fields(told)}
    if isinstance(told, Mapping):
        members: list[str] = []
        for key, value in told.items():
            members.append(f"{_plain(str(key))}:{(yield from written(value))}")
        return f"{{{','.join(members)}}}"
    return _plain(told)


def answer_steps(number: object, answer: Any) -> Steps[bytes]:
    """The line of an answer, in steps."""
    return _line(number, "answer", (yield from written(answer)))


def _line(number: object, what: str, text: str) -> bytes:
    line = f'{{"id":{_plain(number)},"{what}":{text}}}\n'
    return line.encode("utf-8", "backslashreplace")


def _plain(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, allow_nan=False)
