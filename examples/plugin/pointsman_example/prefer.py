"""``prefer``: servers whose name begins with a prefix, the others only when there are none."""

from collections.abc import Sequence

from pydantic import Field

from pointsman.contracts import Arrival, Candidate, Offer, Settings, Surroundings


class PreferSettings(Settings):
    """Which servers are preferred."""

    prefix: str = Field(min_length=1, description="beginning of their names")


class Prefer:
    """Picks the least busy of the preferred candidates, else the least busy of all."""

    wants_first_byte = False

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._seen: Sequence[Candidate] = ()
        self._best: Sequence[Candidate] = ()

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate for this arrival."""
        if candidates is not self._seen:  # the same tuple comes again until something changes
            near = tuple(one for one in candidates if one.name.startswith(self._prefix))
            self._seen, self._best = candidates, near or candidates
        return min(self._best, key=lambda one: one.active)

    def keep(self, names: Sequence[str]) -> None:
        """Nothing is remembered of a member but the tuple that it was in."""
        self._seen = self._best = ()

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        """Never called: ``wants_first_byte`` is False."""


def make(settings: PreferSettings, surroundings: Surroundings) -> Prefer:
    """A scheduler for one pool."""
    return Prefer(settings.prefix)


OFFER = Offer(PreferSettings, make, "Servers whose name begins with a prefix come first.")
