"""Answers as JSON, written in steps: one of thousands of servers must not hold traffic up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pointsman.config.steps import Steps


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
    text = yield from written(answer)
    line = f'{{"id":{_plain(number)},"answer":{text}}}\n'
    return line.encode("utf-8", "backslashreplace")


def _plain(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, allow_nan=False)
