"""Keys that other balancers have and we have not: why, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable

_TRANSPARENCY = (
    "servers see our address in every mode, and with reencrypt nothing else could be, as the TLS"
    " to them is ours; they are told the client's in X-Forwarded-For (`forwarding`)"
)

_INSTEAD = {
    "transparency": _TRANSPARENCY,
    "transparent": _TRANSPARENCY,
}

# Our keys, and what stands for them in HAProxy, nginx and on appliances.
_CALLED = {
    "virtual_services": "frontend frontends listeners services vips virtual_servers vs",
    "pools": "backend backends clusters groups upstream upstreams",
    "servers": "members nodes real_servers targets",
    "scheduling": "algorithm balance balancing lb method scheduler",
    "persistence": "affinity cookie persist sticky stickiness",
    "health": "check checks healthcheck health_check monitor",
    "listen": "address bind ip port",
    "pool": "backend default_backend proxy_pass servers upstream",
    "tls": "cert certificate certificates crt https ssl",
    "when_down": "error_page maintenance sorry sorry_page sorry_server",
    "address": "host ip port server",
    "max_connections": "connections limit maxconn",
    "path": "location uri url",
}


def elsewhere(key: str, allowed: Iterable[str] = ()) -> str:
    """What to do instead of a key that is known elsewhere only, "" for any other key.

    Args:
        key: what was written.
        allowed: the keys that are known at its place.
    """
    word, known = key.lower().replace("-", "_"), {*allowed}
    for ours, theirs in _CALLED.items():
        if ours in known and word in theirs.split():
            return f"it is `{ours}` here"
    return _INSTEAD.get(word, "")
