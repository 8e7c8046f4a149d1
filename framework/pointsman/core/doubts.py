"""Persistences that do not do what is hoped for: found out from what is counted anyway."""

from __future__ import annotations

from typing import Final

from pointsman.core.pool import Pool

# So many requests or connections in a row are no accident any more.
ENOUGH: Final = 1000
# Clients may well be new for a while, as after a start.
ENOUGH_NEW: Final = 20 * ENOUGH


def doubt(pool: Pool) -> str:
    """Why the pins of a pool do little or nothing, and what to do; "" if they seem fine."""
    pinning = pool.pinning
    if pinning is None:
        return ""
    for kind in pinning.kinds:
        told = kind.persistence.doubt()
        if told:
            return f"{kind.name}: {told}"
    names = " and ".join(kind.name for kind in pinning.kinds)
    if pool.nothing_to_pin >= ENOUGH:
        return (
            f"{names}: the last {pool.nothing_to_pin} that came had nothing to go by, so nobody was"
            " pinned; see what clients send, or take another kind"
        )
    if pool.unmet >= ENOUGH_NEW:
        return (
            f"{names}: the last {pool.unmet} that came met no pin: clients do not come back with"
            " what they are known by, or later than `timeout`"
        )
    return ""
