"""The check that is none: the server is never asked and always up."""

from __future__ import annotations

from pointsman.contracts import Settings, Surroundings


class NoneSettings(Settings):
    """There is nothing to set."""


def make(settings: NoneSettings, surroundings: Surroundings, /) -> None:
    """No check at all: None says that this pool's servers are not to be probed."""
