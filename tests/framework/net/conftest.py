"""Reactors for the tests of this floor."""

from collections.abc import Iterator
from typing import Any

import pytest

from kit.any_reactor import REACTORS, own_reactor


@pytest.fixture(params=list(REACTORS))
def any_reactor(request: pytest.FixtureRequest) -> Iterator[Any]:
    with own_reactor(request.param) as reactor:
        yield reactor


@pytest.fixture
def lean_reactor() -> Iterator[Any]:
    with own_reactor("lean") as reactor:
        yield reactor
