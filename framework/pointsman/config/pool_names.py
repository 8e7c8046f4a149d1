"""Which pools the settings of a plugin name, wherever in them that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from pointsman.contracts.pools import PoolName


def pool_names(value: object) -> Iterator[PoolName]:
    """Every ``PoolName`` within settings, also in lists and in settings below."""
    if isinstance(value, PoolName):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from pool_names(getattr(value, name))
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from pool_names(below)
    elif isinstance(value, list | tuple | set | frozenset):
        for below in value:
            yield from pool_names(below)
