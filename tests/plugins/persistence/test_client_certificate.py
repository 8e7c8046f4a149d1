"""The certificate of a client."""

import pytest

from kit.arrivals import connection, visit
from kit.persistences import made


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_the_certificate_counts_in_both_modes(mode: str) -> None:
    pins = made("client_certificate", mode=mode)
    arrivals = [visit(), connection("192.0.2.9")]
    for arrival in arrivals:
        arrival.connection = arrival.connection._replace(client_certificate=bytes(32))
    assert pins.find(arrivals[0], 0.0) is None
    assert pins.bind(arrivals[0], "a", 0.0)
    assert pins.find(arrivals[1], 0.0) == "a"


def test_without_one_there_is_no_pin() -> None:
    pins = made("client_certificate")
    assert pins.find(visit(), 0.0) is None
    assert not pins.bind(visit(), "a", 0.0)
