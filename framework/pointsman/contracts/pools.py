"""How settings of a plugin name a pool, so that the framework knows that it is used there."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationInfo
from pydantic_core import CoreSchema
from pydantic_core.core_schema import str_schema, with_info_plain_validator_function


class PoolName(str):
    """Name of a pool under ``pools``: that it is there is checked where it is written."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, ask: Any) -> CoreSchema:
        """What pydantic asks of a type of our own."""
        return with_info_plain_validator_function(_pool_name, json_schema_input_schema=str_schema())


def _pool_name(value: object, info: ValidationInfo) -> PoolName:
    if not isinstance(value, str):
        raise ValueError("expected the name of a pool")
    # Only whoever reads a whole configuration knows its pools.
    check = getattr(info.context, "check_pool", None)
    if check is not None:
        check(value)
    return PoolName(value)
