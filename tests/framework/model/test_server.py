"""Real servers: frozen identities that say where they are reached."""

from dataclasses import FrozenInstanceError

import pytest

from pointsman.model.address import Address
from pointsman.model.server import RealServer


@pytest.mark.parametrize(
    ("server", "place"),
    [
        (RealServer("a", Address("::1", 80)), "[::1]:80"),
        (RealServer("a", Address(path="/run/a")), "unix:/run/a"),
        (RealServer("a", endpoint="tcp:a:80"), "tcp:a:80"),
        (RealServer("a", local="app"), "local:app"),
    ],
)
def test_where_it_is_reached(server: RealServer, place: str) -> None:
    assert server.place == place


def test_it_never_changes() -> None:
    server = RealServer("a")
    with pytest.raises(FrozenInstanceError):
        server.weight = 1  # type: ignore[misc]
    assert RealServer("a") == server
    assert {server, RealServer("a"), RealServer("a", weight=1)} == {
        server,
        RealServer("a", weight=1),
    }
