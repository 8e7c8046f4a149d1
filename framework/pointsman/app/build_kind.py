"""Which of the two wheels is running: the compiled one or pure Python (ADR 0004)."""

from __future__ import annotations

from importlib.util import find_spec


def build_kind() -> str:
    """``compiled`` if what every request passes was compiled with mypyc, else ``pure Python``."""
    spec = find_spec("pointsman.core.exchange")
    return "pure Python" if spec is None or str(spec.origin).endswith(".py") else "compiled"
