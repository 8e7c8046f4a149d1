"""A load balancer and reverse proxy in which every decision is a plugin."""

from __future__ import annotations

from typing import Any

__all__ = ["PointsmanService", "service"]


def __getattr__(name: str) -> Any:
    # Not before it is asked for: a plugin imports pointsman.model, and that brings no Twisted in.
    if name in __all__:
        from pointsman.app import service

        return getattr(service, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
