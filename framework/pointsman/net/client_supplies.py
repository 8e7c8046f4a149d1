"""What all client connections of one virtual service share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pointsman.contracts.tls import TlsClientSide
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
        "own_request_fields",
        "own_response_fields",
        "reactor",
        "serves",
        "successor",
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
        # What the TLS mode adds to heads, and what must give way to it; nothing without TLS.
        self.serves: Callable[[str, bytes], bool] | None = None
        self.own_request_fields: tuple[bytes, ...] = ()
        self.own_response_fields: tuple[bytes, ...] = ()
        self.draining = False  # no further exchange begins with these
        # What takes their place after a reload; connections move on between two exchanges.
        self.successor: ClientSupplies | None = None

    @property
    def newest(self) -> ClientSupplies:
        """The last of all that took the place of these."""
        newest = self
        while newest.successor is not None:
            newest = newest.successor
        return newest

    def give_way_to(self, successor: ClientSupplies) -> None:
        """Every exchange that begins from now on is to have ``successor``."""
        self.successor = successor
        self.draining = True
        self.gone = successor.gone  # and nothing of ours keeps who made us

    def heed(self, side: TlsClientSide) -> None:
        """Add to all heads what the TLS mode wants there, and take out what it wants out."""
        self.via += side.response_lines
        self.own_request_fields = side.own_request_fields
        self.own_response_fields = side.own_response_fields
        if side.strict:
            self.serves = side.serves
