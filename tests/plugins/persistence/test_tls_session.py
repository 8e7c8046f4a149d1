"""Sessions of TLS that passes through."""

import pytest

from kit.arrivals import connection
from kit.persistences import made
from pointsman.contracts import Misfit


def test_a_session_belongs_to_its_member_and_it_is_told_how_rare_that_is() -> None:
    pins = made("tls_session", mode="tcp")
    first, again = connection(), connection("192.0.2.9")
    assert not pins.bind(connection(), "a", 0.0)
    first.connection = again.connection = first.connection._replace(session_id=b"x" * 32)
    assert pins.bind(first, "a", 0.0)
    assert pins.find(again, 1.0) == "a"
    (warning,) = pins.warnings
    assert "TLS 1.3" in warning


def test_only_where_tls_passes_through() -> None:
    with pytest.raises(Misfit, match="in http mode it is taken off"):
        made("tls_session", mode="http")
