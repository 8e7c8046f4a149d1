"""The address of a request."""

import pytest

from kit.arrivals import connection
from kit.persistences import asking, made
from pointsman.contracts import Misfit
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.uri import Uri


@pytest.mark.parametrize(
    ("target", "with_query", "without"),
    [
        (b"/a?b=1", b"/a?b=1", b"/a"),
        (b"/a", b"/a", b"/a"),
        (b"/a?", b"/a", b"/a"),
        (b"http://example.org/a?b", b"/a?b", b"/a"),
        (b"*", b"*", b"*"),
    ],
)
def test_the_key(target: bytes, with_query: bytes, without: bytes) -> None:
    table = MemoryTable(10, 60.0)
    assert Uri(table).key(asking(target=target)) == with_query
    assert Uri(table, query=False).key(asking(target=target)) == without


def test_not_in_tcp_mode() -> None:
    assert made("uri", query=False).find(asking(), 0.0) is None
    assert Uri(MemoryTable(10, 60.0)).key(connection()) == b""
    with pytest.raises(Misfit, match="uri looks at requests"):
        made("uri", mode="tcp")
