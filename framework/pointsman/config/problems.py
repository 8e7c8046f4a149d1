"""What validation found wrong, in plain words: where, what was expected, what to do about it."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from pointsman.config.elsewhere import elsewhere
from pointsman.config.nearest import closest, nearest
from pointsman.config.tree import Key, Path, Positions, dotted
from pointsman.model.errors import Problem

_FAULT = "pointsman_fault"
_NESTED = "pointsman_nested"

_LONGEST = 300  # of a message that quotes what was written
_YES_AND_NO = {"yes", "no", "on", "off", "y", "n"}


class Nested(NamedTuple):
    """Errors of a model that was validated inside the validation of another.

    Attributes:
        error: what it raised.
        model: which model that was.
        at: where its values stand below those of the outer one.
        also: keys that are allowed there beside the model's own.
        partial: what is missing now may still come from somewhere else.
    """

    error: ValidationError
    model: type[BaseModel]
    at: Path = ()
    also: Iterable[str] = ()
    partial: bool = False


def fault(message: str, hint: str = "", at: Sequence[Key] = ()) -> PydanticCustomError:
    """An error to be raised by a validator of ours.

    Args:
        message: what is wrong and what was expected.
        hint: what to do about it.
        at: the key at fault, below the one that is being validated.
    """
    details = {"message": message, "hint": hint, "at": tuple(at)}
    return PydanticCustomError(_FAULT, "{message}", details)


def nested(errors: Sequence[Nested | PydanticCustomError]) -> PydanticCustomError:
    """Errors of inner models and faults, to be raised by the validator that met them all."""
    return PydanticCustomError(_NESTED, "see below", {"errors": tuple(errors)})


def problem_at(
    positions: Positions,
    path: Sequence[Key],
    message: str,
    hint: str = "",
    *,
    key: bool = False,
) -> Problem:
    """A problem with its place; ``key`` points at the key rather than at its value."""
    mark = positions.of(path, key=key)
    return Problem(mark.file, mark.line, mark.column, dotted(path), message, hint)


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    positions: Positions,
    prefix: Path = (),
    also: Iterable[str] = (),
    partial: bool = False,
) -> Iterator[Problem]:
    """All problems of a validation, those of nested models included.

    Args:
        error: what the model raised.
        model: which model that was.
        positions: where everything stands.
        prefix: where the model's values stand.
        also: keys that are allowed on the model's top level beside its own.
        partial: nothing is said of what is missing.
    """
    found = error.errors(include_url=False)
    misspelt = {_meant(details, model, also) for details in found}
    for details in found:
        steps: Path = tuple(step for step in details["loc"] if step != "[key]")
        path = (*prefix, *steps)
        if details["type"] == _NESTED:
            yield from _inner(details["ctx"]["errors"], positions, path)
        elif details["type"] == _FAULT:
            yield _told(details["ctx"], positions, path, key="[key]" in details["loc"])
        elif details["type"] == "extra_forbidden":
            wrong = str(steps[-1])
            allowed = _allowed(model, steps, also)
            hint = elsewhere(wrong, allowed) or nearest(wrong, allowed, "allowed here")
            known = positions.known(path)
            yield problem_at(positions, known, "this key is not known here", hint, key=True)
        elif details["type"] == "missing":
            if not partial and steps not in misspelt:
                known = (*positions.known(path[:-1]), path[-1])
                yield problem_at(positions, known, "this is required but missing")
        elif not _only_for_its_items(details):
            yield problem_at(positions, positions.known(path), *_in_words(details))


def _allowed(model: type[BaseModel], steps: Path, also: Iterable[str]) -> set[str]:
    """The keys that are allowed beside the one that these steps lead to."""
    return {*_allowed_at(model, steps[:-1]), *(also if len(steps) == 1 else ())}


def _meant(details: ErrorDetails, model: type[BaseModel], also: Iterable[str]) -> Path | None:
    """The key that an unknown one stands for by its looks: it is not missing, but misspelt."""
    if details["type"] != "extra_forbidden":
        return None
    *above, wrong = details["loc"]
    close = closest(str(wrong), _allowed(model, details["loc"], also))
    return (*above, close) if close else None


def _only_for_its_items(details: ErrorDetails) -> bool:
    """Whether pydantic finds a list too short only because it has left out the wrong items."""
    given = details["input"]
    if details["type"] != "too_short" or not isinstance(given, list | dict):
        return False
    return len(given) >= int(details["ctx"]["min_length"])


def _inner(
    errors: Sequence[Nested | PydanticCustomError], positions: Positions, path: Path
) -> Iterator[Problem]:
    for inner in errors:
        if isinstance(inner, Nested):
            yield from problems_of(
                inner.error, inner.model, positions, (*path, *inner.at), inner.also, inner.partial
            )
        elif inner.type == _FAULT:
            yield _told(inner.context or {}, positions, path)
        else:
            yield from _inner((inner.context or {})["errors"], positions, path)


def _told(
    told: Mapping[str, Any], positions: Positions, path: Path, *, key: bool = False
) -> Problem:
    known = positions.known((*path, *told["at"]))
    return problem_at(positions, known, told["message"], told["hint"], key=key)


def first_in_words(error: ValidationError) -> str:
    """One sentence for a validation error that has no place in a file."""
    details = error.errors(include_url=False)[0]
    where = dotted(tuple(details["loc"]))
    return f"{where}: {_in_words(details)[0]}" if where else _in_words(details)[0]


def _in_words(details: ErrorDetails) -> tuple[str, str]:
    """What is wrong and a hint, without the vocabulary of pydantic."""
    kind, ctx, given = details["type"], details.get("ctx", {}), details["input"]
    if kind == "value_error":
        told = str(ctx.get("error") or details["msg"].removeprefix("Value error, "))
        return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}...", ""
    if kind in ("bool_type", "bool_parsing"):
        yes = isinstance(given, str) and given.lower() in _YES_AND_NO
        hint = "in YAML 1.2 yes, no, on and off are plain text" if yes else ""
        return f"expected true or false, got {shown(given)}", hint
    if kind == "dict_type" and isinstance(given, list):
        hint = "each entry has a name: write `NAME: ...` in the place of `- ...`"
        return "expected a mapping (key: value), got a list", hint
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind](ctx)}, got {shown(given)}", ""
    message = details["msg"]
    return f"{message[:1].lower()}{message[1:]}, got {shown(given)}", ""


_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "int_type": lambda _: "a whole number",
    "int_parsing": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "float_parsing": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "string_type": lambda _: "text",
    "string_too_short": lambda ctx: f"at least {ctx['min_length']} characters",
    "string_too_long": lambda ctx: f"at most {ctx['max_length']} characters",
    "string_pattern_mismatch": lambda ctx: f"text like {ctx['pattern']}",
    "literal_error": lambda ctx: f"{ctx['expected']}",
    "enum": lambda ctx: f"{ctx['expected']}",
    "dict_type": lambda _: "a mapping (key: value)",
    "model_type": lambda _: "a mapping (key: value)",
    "model_attributes_type": lambda _: "a mapping (key: value)",
    "dataclass_type": lambda _: "a mapping (key: value)",
    "list_type": lambda _: "a list",
    "tuple_type": lambda _: "a list",
    "set_type": lambda _: "a list",
    "frozen_set_type": lambda _: "a list",
    "too_short": lambda ctx: f"at least {ctx['min_length']} of them",
    "too_long": lambda ctx: f"at most {ctx['max_length']} of them",
    "greater_than": lambda ctx: f"more than {_number(ctx['gt'])}",
    "greater_than_equal": lambda ctx: f"at least {_number(ctx['ge'])}",
    "less_than": lambda ctx: f"less than {_number(ctx['lt'])}",
    "less_than_equal": lambda ctx: f"at most {_number(ctx['le'])}",
    "none_required": lambda _: "nothing",
}


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def shown(value: object) -> str:
    """A value as it may stand in a message: short, on one line, no long dump of a structure."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) > 10**20:
        return "a very large number"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _allowed_at(model: type[BaseModel], steps: Path) -> frozenset[str]:
    """The keys that a model allows at a place below it."""
    found: list[Any] = [model]
    for step in steps:
        found = [inner for annotation in found for inner in _below(annotation, step)] or found
    names: set[str] = set()
    for annotation in found:
        for leaf in _leaves(annotation):
            if isinstance(leaf, type) and issubclass(leaf, BaseModel):
                names.update(field.alias or name for name, field in leaf.model_fields.items())
    return frozenset(names)


def _below(annotation: Any, step: Key) -> Iterator[Any]:
    """The annotations one step below an annotation."""
    for leaf in _leaves(annotation):
        if isinstance(leaf, type) and issubclass(leaf, BaseModel):
            field = leaf.model_fields.get(str(step))
            if field is not None:
                yield field.annotation
            continue
        inside = [item for item in typing.get_args(leaf) if item is not Ellipsis]
        if inside:
            yield inside[-1]  # the item of a list, the value of a mapping


def _leaves(annotation: Any) -> Iterator[Any]:
    """The members of a union, without ``Annotated``."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _leaves(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _leaves(member)
    else:
        yield annotation
