"""The sides of an exchange: what the program puts there is what the tests put there."""

import pytest

from kit import recorders
from pointsman.core import ports
from pointsman.core.exchange import Exchange
from pointsman.net.client import ClientConnection
from pointsman.net.upstream import UpstreamConnection, UpstreamConnections


def calls(port: type) -> set[str]:
    return {name for name, value in vars(port).items() if callable(value) and name[0] != "_"}


@pytest.mark.parametrize(
    ("port", "made"),
    [
        (ports.ClientPort, [ClientConnection, recorders.RecordedClient]),
        (ports.UpstreamPort, [UpstreamConnection, recorders.RecordedUpstream]),
        (ports.Upstreams, [UpstreamConnections, recorders.RecordedUpstreams]),
        (ports.Opening, [UpstreamConnection, recorders.RecordedOpening]),
        (ports.Asking, [Exchange]),
    ],
)
def test_whoever_stands_at_a_port_takes_all_of_its_calls(port: type, made: list[type]) -> None:
    assert calls(port)
    for each in made:
        assert [name for name in sorted(calls(port)) if not hasattr(each, name)] == []
