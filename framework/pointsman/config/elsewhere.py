"""Keys that other balancers have and we have not: why, and what to do instead."""

from __future__ import annotations

_TRANSPARENCY = (
    "servers see our address in every mode, and with reencrypt nothing else could be, as the TLS"
    " to them is ours; they are told the client's in X-Forwarded-For (`forwarding`)"
)

_INSTEAD = {
    "transparency": _TRANSPARENCY,
    "transparent": _TRANSPARENCY,
}


def elsewhere(key: str) -> str:
    """What to do instead of a key that is known elsewhere only, "" for any other key."""
    return _INSTEAD.get(key.lower(), "")
