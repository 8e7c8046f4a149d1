"""``ticket``: requests need a ticket; who has none is refused, and the answer tells who had one."""

from collections.abc import Sequence

from pydantic import Field

from pointsman.contracts import Offer, Settings, Surroundings
from pointsman.contracts.rules import Rulebook, RuledExchange, RuleEvents
from pointsman.model.decision import Answer, Respond


class TicketSettings(Settings):
    """One entry of ``rules:``."""

    header: str = Field(default="X-Ticket", pattern=r"^[A-Za-z0-9-]+$", description="its name")
    holders: dict[str, str] = Field(description="ticket: whose it is")


class Tickets(Rulebook):
    """Asked at each request and each answer of one virtual service, and at nothing else."""

    def __init__(self, header: bytes, holders: dict[str, str]) -> None:
        self._header = header
        self._holders = {ticket.encode(): who for ticket, who in holders.items()}
        self.describes = f"tickets of {len(holders)}"
        self.events = RuleEvents(request=self.request, response=self.response)

    def request(self, exchange: RuledExchange) -> Answer:
        """Refuse it, or let the next rule speak by returning nothing."""
        assert exchange.request is not None
        who = self._holders.get(exchange.request.headers.get(self._header, b"") or b"")
        if who is None:
            return Respond(403, b"no ticket\n", ((b"Content-Type", b"text/plain"),))
        exchange.notes[self] = who  # for ourselves, as long as the exchange lasts
        exchange.log_fields["holder"] = who
        return None

    def response(self, exchange: RuledExchange) -> Answer:
        """Any answer, whosesoever: a server's, a rule's, or an error page of ours."""
        who = exchange.notes.get(self)
        if who is not None and exchange.answer is not None:
            exchange.answer.headers.set(b"X-Holder", str(who).encode())
        return None


def make(entries: Sequence[TicketSettings], surroundings: Surroundings) -> Sequence[Tickets]:
    """One rulebook for each entry of this kind that a virtual service has."""
    return [Tickets(entry.header.encode(), entry.holders) for entry in entries]


OFFER = Offer(TicketSettings, make, "Requests need a ticket.")
