"""Being connected is all that is asked."""

from pointsman.contracts import HealthCheck, Surroundings
from pointsman.model.server import RealServer
from pointsman_healthcheck.tcp_check import TcpSettings, make


def test_it_makes_no_probe_and_all_of_them_are_one() -> None:
    check: HealthCheck = make(TcpSettings(), Surroundings())
    assert check.probe(RealServer("a")) is None
    assert check.describes == "TCP connect"
    assert check == make(TcpSettings(), Surroundings())
    assert hash(check) == hash(make(TcpSettings(), Surroundings()))
