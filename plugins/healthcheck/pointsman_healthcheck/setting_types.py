"""Small types that the settings of several checks are made of."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from pointsman.contracts import Misfit, Secret, Surroundings


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def one_or_more(item: Any) -> BeforeValidator:
    """For a list of such items: one alone stands for a list of one."""
    return BeforeValidator(_listed, json_schema_input_type=item | list[item])


# A regular expression of Python, checked when it is read.
Pattern = Annotated[str, AfterValidator(_pattern)]


def revealed(secret: Secret | None, surroundings: Surroundings, key: str) -> str:
    """The password that stands under ``key``, "" if there is none.

    Raises:
        Misfit: it cannot be had.
    """
    if secret is None:
        return ""
    try:
        return secret.reveal(surroundings.folder((key,)))
    except ValueError as error:
        raise Misfit(str(error), at=(key,)) from None
