"""The host of a request."""

import pytest

from kit.arrivals import Visit, connection, visit
from kit.persistences import asking, made
from pointsman.contracts import Misfit
from pointsman.model.message import RequestHead
from pointsman_persistence.host import Host
from pointsman_persistence.memory_table import MemoryTable


@pytest.mark.parametrize(
    ("host", "key"),
    [
        (b"example.org", b"example.org"),
        (b"Example.ORG:8080", b"example.org"),
        (b"example.org.", b"example.org"),
        (b"example.org.:80", b"example.org"),
        (b"192.0.2.1:80", b"192.0.2.1"),
        (b"[2001:DB8::1]:80", b"[2001:db8::1"),
        (b"[2001:db8::1]", b"[2001:db8::1"),
        (b"", b""),
    ],
)
def test_the_key(host: bytes, key: bytes) -> None:
    arrival = Visit("192.0.2.1", visit().connection, RequestHead(b"GET", b"/", host=host))
    assert Host(MemoryTable(10, 60.0)).key(arrival) == key


def test_not_in_tcp_mode() -> None:
    assert made("host").find(asking(), 0.0) is None
    assert Host(MemoryTable(10, 60.0)).key(connection()) == b""
    with pytest.raises(Misfit, match="host looks at requests"):
        made("host", mode="tcp")
