"""First bytes are read until somebody has seen enough."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.client_hello import ClientHello
from pointsman.core.first_bytes import MOST, FirstBytes


@given(st.lists(st.binary(min_size=1, max_size=9)))
def test_it_ends_when_it_is_enough_and_keeps_everything(pieces: list[bytes]) -> None:
    reader = FirstBytes(lambda data: b"\0" in data)
    whole = b""
    for piece in pieces:
        whole += piece
        hello = reader.feed(piece)
        assert (hello == ClientHello()) is (b"\0" in whole)
        assert reader.received == whole
        if hello is not None:
            break


def test_it_is_bounded() -> None:
    reader = FirstBytes(lambda data: False)
    assert reader.feed(bytes(MOST - 1)) is None
    assert reader.feed(b"x") == ClientHello()
