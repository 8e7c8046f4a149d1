"""The ``table`` key of a persistence: which table its pins are in, and how that is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from pointsman.contracts import Surroundings, Table


def _choice(value: object) -> object:
    if isinstance(value, str):
        return {"kind": value}
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a table, like `memory` or {{kind: memory}}, got {value!r}")
    if value and not isinstance(value.get("kind"), str):
        raise ValueError("a table needs its kind, like {kind: memory, size: 100000}")
    for key in ("timeout", "max_age"):
        if key in value:
            raise ValueError(f"`{key}` is one of the persistence: write it beside `table`")
    return dict(value)


# Written ``memory`` or ``{kind: memory, size: 100000}``; in Python always a mapping with its kind,
# or an empty one for the table that the place has by default. The other keys belong to the table's
# own settings and are checked when it is opened.
TableChoice = Annotated[
    dict[str, Any], BeforeValidator(_choice, json_schema_input_type=str | dict[str, Any])
]


def open_table(
    choice: Mapping[str, Any],
    timeout: float,
    surroundings: Surroundings,
    max_age: float | None = None,
) -> Table:
    """The table that was chosen, for pins that live ``timeout`` seconds from their last use.

    ``Surroundings.make_table`` is given the kind ("" for the default), and the options with
    ``timeout``, and ``max_age`` if there is one, among them as seconds in a float; it checks them
    by the settings model that the kind offers.

    Raises:
        ValueError: where there are no tables, or from the table's own settings.
    """
    if surroundings.make_table is None:
        raise ValueError("pins need a table, and there are none in this place")
    options = {name: value for name, value in choice.items() if name != "kind"}
    options["timeout"] = float(timeout)
    if max_age is not None:
        options["max_age"] = float(max_age)
    return surroundings.make_table(choice.get("kind", ""), options)
