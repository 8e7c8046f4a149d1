"""Health checks in the box: asks a server whether it is well, one protocol a file."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.contracts import Offer
from pointsman.hookspecs import hookimpl
from pointsman_healthcheck import http_check, none_check, tcp_check


@hookimpl
def health_checks() -> Mapping[str, Offer]:
    """The checks of this package, by the name used under ``health: {kind: ...}``."""
    return {
        "http": Offer(http_check.HttpSettings, http_check.make, "an HTTP request is answered well"),
        "tcp": Offer(tcp_check.TcpSettings, tcp_check.make, "a TCP connection is accepted"),
        "none": Offer(none_check.NoneSettings, none_check.make, "never asked, always up"),
    }
