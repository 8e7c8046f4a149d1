"""The facts of a connection: shared, so they cannot change."""

import pytest

from pointsman.model.connection import ConnectionFacts


def test_a_connection_is_plain_until_it_is_said_otherwise() -> None:
    facts = ConnectionFacts("192.0.2.1", 40000, "198.51.100.1", 80)
    assert (facts.secure, facts.server_name, facts.alpn) == (False, "", ())
    with pytest.raises(AttributeError):
        facts.peer_ip = "x"  # type: ignore[misc]
