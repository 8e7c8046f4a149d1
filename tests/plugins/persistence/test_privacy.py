"""Answers with a cookie stay out of shared caches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.persistences import answering
from pointsman_persistence.privacy import mark_private


def marked(*lines: bytes, store: bool = True) -> bytes:
    """All of Cache-Control afterwards."""
    head = answering(*lines)
    mark_private(head, store=store)
    return b" | ".join(head.headers.get_all(b"cache-control"))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], b"private"),
        ([b"Cache-Control: public, max-age=60"], b"max-age=60, private"),
        ([b"Cache-Control: max-age=60, s-maxage=600"], b"max-age=60, private"),
        ([b"Cache-Control: PUBLIC", b"cache-control: S-MaxAge = 5"], b"private"),
        ([b"Cache-Control: private"], b"private"),
        ([b"Cache-Control: max-age=1, Private"], b"max-age=1, Private"),
        ([b'Cache-Control: private="x-a, public", max-age=1'], b"max-age=1, private"),
        ([b"Cache-Control: no-store"], b"no-store"),
        ([b"Cache-Control: no-cache"], b"no-cache, private"),
        ([b'Cache-Control: no-cache="set-cookie, x"'], b'no-cache="set-cookie, x", private'),
        ([b"Cache-Control: max-age=1,,", b"Cache-Control: immutable"], b"max-age=1, immutable, "
         b"private"),
        ([b"Cache-Control:"], b"private"),
    ],
)  # fmt: skip
def test_private(lines: list[bytes], expected: bytes) -> None:
    assert marked(*lines) == expected


def test_stored_nowhere() -> None:
    assert marked(b"Cache-Control: public", b"Cache-Control: max-age=5", store=False) == b"no-store"
    assert marked(store=False) == b"no-store"


def test_what_only_cdns_heed_goes() -> None:
    head = answering(b"CDN-Cache-Control: max-age=60", b"Surrogate-Control: max-age=60", b"A: b")
    mark_private(head, store=True)
    assert list(head.headers) == [(b"A", b"b"), (b"Cache-Control", b"private")]


@given(st.lists(st.sampled_from([b"public", b"private", b'"', b",", b"=", b" ", b"x"])))
def test_nothing_is_too_odd(parts: list[bytes]) -> None:
    line = b"".join(parts)
    assert b"private" in marked(b"Cache-Control: " + line)
