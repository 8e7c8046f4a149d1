"""The pools that settings name, wherever they do."""

from collections.abc import Mapping

from pydantic import Field

from pointsman.config.pool_names import pool_names
from pointsman.contracts import Settings
from pointsman.contracts.pools import PoolName


class Inner(Settings):
    pool: PoolName | None = None
    name: str = "not a pool"


class Outer(Settings):
    first: PoolName
    inner: Inner = Inner()
    inners: tuple[Inner, ...] = ()
    by_host: Mapping[str, PoolName] = Field(default_factory=dict)


def test_every_name_is_found_in_the_order_of_the_fields() -> None:
    settings = Outer.model_validate(
        {
            "first": "a",
            "inner": {"pool": "b", "name": "x"},
            "inners": [{"pool": "c"}, {}, {"pool": "a"}],
            "by_host": {"h": "d"},
        }
    )
    assert list(pool_names(settings)) == ["a", "b", "c", "a", "d"]


def test_plain_text_is_no_name() -> None:
    assert list(pool_names(Inner())) == []
    assert list(pool_names("a")) == []
