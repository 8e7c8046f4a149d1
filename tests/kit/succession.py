"""TLS modes of a test that note whose place they take."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.contracts import Offer, Settings, Surroundings
from pointsman.contracts.tls import TlsMode
from pointsman.hookspecs import hookimpl


class Succeeding:
    """A TLS mode that notes whose place it takes."""

    client = upstream = passage = None
    describes = "succeeding"
    warnings = ()
    chores = ()

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.befores: list[TlsMode] = []

    def take_over(self, before: TlsMode) -> None:
        self.befores.append(before)


class Succession:
    @hookimpl
    def tls_modes(self) -> Mapping[str, Offer]:
        return {
            "succeeding": Offer(Settings, lambda _, around: Succeeding(around)),
            "failing": Offer(Settings, lambda _, around: fail()),
        }


def fail() -> None:
    raise ValueError("not today")
