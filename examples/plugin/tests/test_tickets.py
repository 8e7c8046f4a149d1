"""The rulebook, asked by a real exchange between recorders."""

from pointsman_example.tickets import Tickets

from kit.recorders import request
from kit.ruled_stage import RuledStage


def asked(*tickets: bytes) -> RuledStage:
    """A request with these tickets has met the rules."""
    stage = RuledStage(Tickets(b"X-Ticket", {"t1": "ann"}))
    head = request()
    for ticket in tickets:
        head.headers.add(b"x-ticket", ticket)
    stage.asks(head)
    return stage


def test_without_a_ticket_no_server_is_asked() -> None:
    """And neither with a wrong one."""
    for stage in (asked(), asked(b"t2")):
        assert stage.client.said[0] == "head 403"
        assert stage.upstreams.openings == []
        stage.check_it_is_over()


def test_the_answer_tells_whose_ticket_it_was() -> None:
    """The log as well."""
    stage = asked(b"t1")
    stage.upstreams.last.connects()
    stage.upstream.answers(200, b"hello")
    assert stage.exchange.response is not None
    assert stage.exchange.response.headers.get(b"x-holder") == b"ann"
    assert stage.record.fields == {"holder": "ann"}
