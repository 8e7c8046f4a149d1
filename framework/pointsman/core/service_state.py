"""The state of a virtual service: what its clients meet, as a function of its servers' states."""

from __future__ import annotations

from typing import Final, NamedTuple

from pointsman.core.pool import Pool
from pointsman.core.server_states import MAINTENANCE
from pointsman.core.tiers import works
from pointsman.model.when_down import FixedAnswer, RedirectAway, SorryPool, WhenDown

UP: Final = "up"
DEGRADED: Final = "degraded"  # it works, with fewer servers than it should have
DOWN: Final = "down"  # clients are refused
SORRY: Final = "sorry"  # another pool serves
REDIRECT: Final = "redirect"  # clients are sent elsewhere
FAIL_MESSAGE: Final = "fail-message"  # clients get a fixed answer
DISABLED: Final = "disabled"  # it takes no clients


class ServiceState(NamedTuple):
    """A state with its reason.

    Attributes:
        word: one of the words above.
        reason: why, in words.
    """

    word: str
    reason: str


def service_state(
    pool: Pool, *, enabled: bool, when_down: WhenDown | None, sorry: Pool | None
) -> ServiceState:
    """What state a service is in.

    Args:
        pool: where its work goes.
        enabled: it takes clients at all.
        when_down: what it does when no server is left.
        sorry: the pool that serves then, None if there is none.
    """
    if not enabled:
        return ServiceState(DISABLED, "by configuration or an operator")
    members = [member for member in pool.members if member.state != MAINTENANCE]
    working = sum(works(member) for member in members)
    least = pool.settings.warn_below
    if not pool.shut and (pool.hopes or pool.panics):
        reason = f"{working} of {len(members)} servers work"
        if pool.panics:
            return ServiceState(DEGRADED, f"{reason}, all are used (panic_below)")
        if working >= least:
            return ServiceState(UP, reason)
        missing = next((each for each in members if not works(each)), None)
        example = "" if missing is None else f"; {missing.name} is {missing.state}: {missing.why}"
        return ServiceState(DEGRADED, f"{reason}, fewer than {least}{example}")
    reason = pool.shut or f"no server of {pool.name} works"
    if isinstance(when_down, SorryPool) and sorry is not None:
        if not sorry.shut and (sorry.hopes or sorry.panics):
            return ServiceState(SORRY, f"{reason}; {sorry.name} serves")
        return ServiceState(DOWN, f"{reason}, and none of {sorry.name}")
    if isinstance(when_down, RedirectAway):
        return ServiceState(REDIRECT, reason)
    if isinstance(when_down, FixedAnswer):
        return ServiceState(FAIL_MESSAGE, reason)
    return ServiceState(DOWN, reason)
