"""What schedulers have in common that do not care how long a server takes to answer."""

from __future__ import annotations

from pointsman.contracts import Candidate


class Untimed:
    """A scheduler that does not want to be told of first bytes."""

    __slots__ = ()

    @property
    def wants_first_byte(self) -> bool:
        """False: ``first_byte`` need not be called."""
        return False

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        """Take no notice."""
