"""The kept beginning of a request body: all of it or nothing, and never much."""

from pointsman.core.kept_body import MOST_KEPT, KeptBody


def test_a_small_body_is_kept_whole() -> None:
    body = KeptBody()
    assert body.joined() == b""
    body.add(b"he")
    body.add(b"llo")
    body.drop_if_full()
    assert (body.joined(), body.whole, body.is_full) == (b"hello", True, False)


def test_exactly_as_much_as_may_be_kept() -> None:
    body = KeptBody()
    body.add(b"x" * MOST_KEPT)
    body.drop_if_full()
    assert (len(body.joined()), body.whole, body.is_full) == (MOST_KEPT, True, False)


def test_too_much_is_kept_until_it_was_sent() -> None:
    body = KeptBody()
    body.add(b"x" * MOST_KEPT)
    body.add(b"y")
    assert body.is_full
    assert body.joined() == b"x" * MOST_KEPT + b"y"
    body.drop_if_full()
    assert (body.joined(), body.whole, body.is_full) == (b"", False, False)


def test_what_follows_a_dropped_part_is_not_kept() -> None:
    body = KeptBody()
    body.add(b"x" * (MOST_KEPT + 1))
    body.drop_if_full()
    body.add(b"more")
    assert (body.joined(), body.whole) == (b"", False)
