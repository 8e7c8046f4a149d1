"""What clients of Remote Desktop say first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.arrivals import Visit, connection, visit
from kit.persistences import made
from pointsman.contracts import Misfit, Persistence, Sight

NEGOTIATION = bytes.fromhex("0100080003000000")


def saying(line: bytes, negotiation: bytes = NEGOTIATION) -> bytes:
    """A connection request with this line (MS-RDPBCGR section 2.2.1.1)."""
    rest = bytes.fromhex("e00000000000") + line + negotiation
    return b"\3\0" + (len(rest) + 5).to_bytes(2) + bytes([len(rest)]) + rest


def client(data: bytes, ip: str = "192.0.2.1") -> Visit:
    arrival = connection(ip)
    arrival.connection = arrival.connection._replace(first_bytes=data)
    return arrival


@pytest.fixture
def pins() -> Persistence:
    """It knows a, b and c at 10.0.0.1, 10.0.0.2 and 10.0.0.3, port 3389."""
    return made("rdp_cookie", mode="tcp")


def token(host: str, port: int = 3389) -> bytes:
    number = int.from_bytes(bytes(map(int, host.split("."))), "little")
    return b"Cookie: msts=%d.%d.0000\r\n" % (number, int.from_bytes(port.to_bytes(2), "little"))


def test_a_user_belongs_to_its_member(pins: Persistence) -> None:
    first = client(saying(b"Cookie: mstshash=ann\r\n"))
    assert pins.find(first, 0.0) is None
    assert pins.bind(first, "b", 0.0)
    assert pins.find(client(saying(b"Cookie: mstshash=ANN\r\n", b""), "192.0.2.9"), 1.0) == "b"
    assert pins.find(client(saying(b"Cookie: mstshash=bob\r\n")), 1.0) is None
    pins.touch(first, 2.0)
    assert pins.look(first, 12.0) == Sight(b"ann", "b", 12.0, 10.0)


def test_a_token_names_the_member_itself(pins: Persistence) -> None:
    # The example of MS-RDPBCGR section 4.1.1 is for 192.168.0.216:3389 and the like.
    assert token("10.0.0.2") == b"Cookie: msts=33554442.15629.0000\r\n"
    arrival = client(saying(token("10.0.0.2")))
    assert pins.find(arrival, 0.0) == "b"
    assert pins.look(arrival, 0.0).note == "named by the routing token of a broker"
    pins.forget(arrival)
    assert not pins.bind(arrival, "a", 0.0)
    assert pins.find(arrival, 0.0) == "b"


@pytest.mark.parametrize(
    "data",
    [
        saying(token("10.0.0.9")),
        saying(token("10.0.0.2", 3390)),
        saying(b"Cookie: msts=99999999999.15629.0000\r\n"),
        saying(b"Cookie: msts=4294967296.15629.0000\r\n"),
        saying(b"Cookie: msts=33554442.99999.0000\r\n"),
        saying(b"Cookie: msts=33554442.15629\r\n"),
        saying(b"Cookie: mstshash=\r\n"),
        saying(b"Cookie: mstshash=ann"),
        saying(b"cookie: mstshash=ann\r\n"),
        saying(b"Cookie: other=ann\r\n"),
        saying(b""),
        saying(b"Cookie: mstshash=ann\r\n").replace(b"\xe0", b"\xd0"),
        b"GET / HTTP/1.1\r\nCookie: mstshash=ann\r\n",
        b"",
    ],
)
def test_what_names_nobody_is_never_pinned(data: bytes, pins: Persistence) -> None:
    arrival = client(data)
    assert pins.find(arrival, 0.0) is None
    assert not pins.bind(arrival, "a", 0.0)


def test_it_waits_until_the_request_is_whole(pins: Persistence) -> None:
    assert pins.wants_first_bytes
    data = saying(b"Cookie: mstshash=ann\r\n")
    assert [pins.has_enough(data[:size]) for size in range(1, len(data))] == [False] * (
        len(data) - 1
    )
    assert pins.has_enough(data)


@pytest.mark.parametrize("data", [b"GET /", b"\x16\3\1", b"", b"\3\0\xff\xff" + bytes(2000)])
def test_it_does_not_wait_for_what_will_not_come(data: bytes, pins: Persistence) -> None:
    assert pins.has_enough(data)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(saying))
def test_nothing_is_too_odd(data: bytes) -> None:
    pins = made("rdp_cookie", mode="tcp")
    pins.has_enough(data)
    pins.find(client(data), 0.0)
    pins.look(client(data), 0.0)


def test_not_in_http_mode() -> None:
    assert made("rdp_cookie", mode="").find(visit(), 0.0) is None
    with pytest.raises(Misfit, match="not for HTTP"):
        made("rdp_cookie", mode="http")
