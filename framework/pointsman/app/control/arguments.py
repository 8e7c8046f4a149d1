"""The arguments of verbs: what came as JSON, checked against what a verb takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

Model = TypeVar("Model", bound="Arguments")

# Does what a verb asks for; its answer, or a Deferred of it.
Verb = Callable[[Mapping[str, Any]], Any]


class Arguments(BaseModel):
    """The arguments of a verb: no others are known, and nothing is taken for something else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read(model: type[Model], given: Mapping[str, Any]) -> Model:
    """The arguments of a verb.

    Raises:
        ValidationError: they are others.
    """
    return model.model_validate(given)
