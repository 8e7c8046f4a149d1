"""Further clients on the stage of one exchange."""

from __future__ import annotations

from kit.recorders import FACTS, RecordedClient, Stage, request
from pointsman.core.exchange import Exchange
from pointsman.model.message import RequestHead


def comes(
    stage: Stage, client_ip: str = FACTS.peer_ip, head: RequestHead | None = None
) -> tuple[Exchange, RecordedClient]:
    """A client asks, beside the one that the stage began with."""
    client = RecordedClient()
    exchange = Exchange(stage.supplies, client, client_ip)
    exchange.begin(head or request(), b"", True)
    return exchange, client
