"""What all client connections of one virtual service share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.supplies import ExchangeSupplies


class ClientSupplies:
    """What all client connections of one virtual service share.

    Args:
        exchange: what its exchanges share.
        reactor: offers IReactorFDSet.
        deadlines: the wheel.
        lines: shared memory of field lines.
        gone: told of a client connection that is closed.
    """

    __slots__ = (
        "deadlines",
        "draining",
        "exchange",
        "forwarding",
        "gone",
        "limits",
        "lines",
        "reactor",
        "timeouts",
        "via",
    )

    def __init__(
        self,
        exchange: ExchangeSupplies,
        reactor: Any,
        deadlines: Deadlines,
        lines: FieldLines,
        gone: Callable[[Any], None],
    ) -> None:
        settings = exchange.service.settings
        self.exchange = exchange
        self.reactor = reactor
        self.deadlines = deadlines
        self.lines = lines
        self.gone = gone
        self.timeouts = settings.timeouts
        self.limits = settings.limits
        self.forwarding = settings.forwarding
        via = settings.forwarding.via
        self.via = b"Via: 1.1 %b\r\n" % via if via else b""
        self.draining = False
