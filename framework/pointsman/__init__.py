"""A load balancer and reverse proxy in which every decision is a plugin."""

from __future__ import annotations

from typing import Any

__all__ = ["service"]


def __getattr__(name: str) -> Any:
    # A plugin imports pointsman.model and friends: that must not bring Twisted in.
    if name == "service":
        from pointsman.app.service import service

        return service
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
