"""What people are told of settings: how a value is written, and what a key is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

# The keys of a JSON Schema under which `Written.what` and `Written.example` stand.
WRITTEN = "x-pointsman-written"
EXAMPLE = "x-pointsman-example"

_ATTRIBUTES = re.compile(r"^( *)Attributes:\n(.*)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """How values of a type are written, for the JSON Schema and the reference.

    It stands in the type: ``Annotated[float, BeforeValidator(...), Written("duration", "20m")]``.

    Attributes:
        what: in a word or two, such as "duration"; what else has this word is written alike.
        example: one such value, as YAML reads it; None for none.
    """

    what: str
    example: Any = None

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, make: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What pydantic asks of an annotation of ours."""
        return {**make(core_schema), WRITTEN: self.what, EXAMPLE: self.example}


def attributes(model: type) -> Mapping[str, str]:
    """What the docstrings of a class and its bases tell under ``Attributes:``, by name."""
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        found = _ATTRIBUTES.search(vars(each).get("__doc__") or "")
        if found is None or each.__module__.startswith("pydantic"):
            continue
        indent, entries = found.groups()
        # An entry begins one step further in; what is still further in goes on with it.
        entry = re.compile(
            rf"^{indent}    (\w+(?:, \w+)*): (.*(?:\n{indent}     +.*)*)", re.MULTILINE
        )
        for names, text in entry.findall(entries):
            for name in names.split(", "):
                told[name] = " ".join(text.split()).removesuffix(".")
    return told
