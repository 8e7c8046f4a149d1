"""Which of the two wheels is running."""

from __future__ import annotations

import inspect

from pointsman.app.build_kind import build_kind
from pointsman.core.exchange import Exchange


def test_it_says_what_the_exchange_is_made_of() -> None:
    interpreted = inspect.isfunction(Exchange.begin)
    assert build_kind() == ("pure Python" if interpreted else "compiled")
