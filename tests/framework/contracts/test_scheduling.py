"""What schedulers are given: the framework's own classes fit, as mypy proves and plugins see."""

from kit.recorders import Stage, request
from pointsman.contracts import Arrival, Candidate
from pointsman.core.members import Member
from pointsman.model.server import RealServer


def seen(arrival: Arrival) -> tuple[str, int, bytes | None]:
    """What a plugin may read of an arrival."""
    head = arrival.request
    return arrival.client_ip, arrival.connection.local_port, None if head is None else head.method


def load(candidate: Candidate) -> tuple[str, int, int, int, str]:
    """What a plugin may read of a candidate."""
    server = candidate.server
    return candidate.name, candidate.weight, candidate.active, candidate.tunnels, server.place


def test_an_exchange_is_an_arrival() -> None:
    stage = Stage()
    stage.asks(request(b"PUT"))
    assert seen(stage.exchange) == (
        stage.exchange.client_ip,
        stage.client.connection.local_port,
        b"PUT",
    )


def test_a_member_is_a_candidate() -> None:
    member = Member(RealServer("a", weight=7))
    member.begin()
    assert load(member) == ("a", 7, 1, 0, "*:0")
