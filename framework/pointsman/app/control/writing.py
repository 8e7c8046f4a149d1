"""Answers as JSON, written in steps: one of thousands of servers must not hold traffic up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
    """A value as JSON: dataclasses are objects. A step is an element of a list of such.

    Args:
        told: of dataclasses, mappings, lists, tuples, texts, numbers, booleans and None.
    """
    if _is_many(told):
        elements: list[str] = []
        for each in told:
            elements.append((yield from written(each)))
            yield
        return f"[{','.join(elements)}]"
    members = _members(told)
    if members is None or not any(map(_is_many, members.values())):
        return _plain(told)
    written_members: list[str] = []
    for key, value in members.items():
        written_members.append(f"{_plain(str(key))}:{(yield from written(value))}")
    return f"{{{','.join(written_members)}}}"


def _is_many(told: Any) -> bool:
    """Whether it is a list of what is more than a word or a number."""
    return isinstance(told, list | tuple) and any(
        not isinstance(each, str | int | float | None) for each in told
    )


def _members(told: Any) -> Mapping[str, Any] | None:
    if isinstance(told, Mapping):
        return told
    names = getattr(type(told), "__dataclass_fields__", None)
    return None if names is None else {name: getattr(told, name) for name in names}


def answer_steps(number: object, answer: Any) -> Steps[bytes]:
    """The line of an answer, in steps."""
    return _line(number, "answer", (yield from written(answer)))


def _line(number: object, what: str, text: str) -> bytes:
    line = f'{{"id":{_plain(number)},"{what}":{text}}}\n'
    return line.encode("utf-8", "backslashreplace")


def _plain(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, allow_nan=False, default=_object)


def _object(told: object) -> Mapping[str, Any]:
    """What the encoder does not know by itself."""
    members = _members(told)
    if members is None:
        raise TypeError(f"{type(told).__name__} cannot be told as JSON")
    return members
