"""The lab in pytest: `pytest_plugins = ["pointsman_rules.lab.fixtures"]` in a conftest.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman_rules.lab.playing import play
from pointsman_rules.limits import Engine

RuleLab = Callable[..., None]


@pytest.fixture
def rule_lab() -> RuleLab:
    """Plays a scenario file; what comes to other than it must fails the test.

    `rule_lab("canary.test.yaml")`, or with an engine: `rule_lab(path, "luajit")`.
    """

    def lab(path: str | Path, engine: Engine | None = None) -> None:
        told = [
            f"{result.case}: {problem}"
            for result in play(Path(path), engine)
            for problem in result.problems
        ]
        if told:
            pytest.fail("\n".join(told), pytrace=False)

    return lab
