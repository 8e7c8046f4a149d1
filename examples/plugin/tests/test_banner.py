"""The health check, fed in pieces."""

import pytest
from pointsman_example.banner import Banner

from pointsman.model.server import RealServer


@pytest.mark.parametrize("pieces", [[b"220 hello"], [b"2", b"20", b" h"]])
def test_the_right_banner_is_up_however_it_comes(pieces: list[bytes]) -> None:
    """Bytes may be split anywhere."""
    probe = Banner(b"220 ").probe(RealServer("a"))
    assert probe.start() == b""
    verdicts = [verdict for piece in pieces if (verdict := probe.receive(piece))]
    assert verdicts[0].up


def test_another_banner_is_down_as_soon_as_it_differs() -> None:
    """One byte is enough."""
    verdict = Banner(b"220 ").probe(RealServer("a")).receive(b"5")
    assert verdict is not None
    assert not verdict.up
