"""A cookie of ours: put into answers, taken out of requests."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.persistences import answering, asking
from pointsman.model.cookies import cookie_of, cookies_in
from pointsman.model.message import RequestHead
from pointsman_persistence.inserted import Inserted

COOKIE = Inserted(b"pin", b"; Path=/; HttpOnly")


def requested(*lines: bytes) -> RequestHead:
    head = asking(*lines).request
    assert head is not None
    return head


@pytest.mark.parametrize(
    ("secure", "tls", "expected"),
    [
        (None, False, b"pin=x; Path=/; HttpOnly"),
        (None, True, b"pin=x; Path=/; HttpOnly; Secure"),
        (True, False, b"pin=x; Path=/; HttpOnly; Secure"),
        (False, True, b"pin=x; Path=/; HttpOnly"),
    ],
)
def test_secure(secure: bool | None, tls: bool, expected: bytes) -> None:
    head = answering(b"Set-Cookie: a=b")
    replace(COOKIE, secure=secure).put_in(head, b"x", secure=tls)
    assert head.headers.get_all(b"set-cookie") == [b"a=b", expected]


@pytest.mark.parametrize(
    ("caches", "expected"),
    [("private", [b"max-age=5, private"]), ("no_store", [b"no-store"]),
     ("untouched", [b"public, max-age=5"])],
)  # fmt: skip
def test_caches(caches: str, expected: list[bytes]) -> None:
    head = answering(b"Cache-Control: public, max-age=5")
    replace(COOKIE, caches=caches).put_in(head, b"x", secure=False)
    assert head.headers.get_all(b"cache-control") == expected


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([b"Cookie: pin=x"], []),
        ([b"Cookie: a=1; pin=x; b=2"], [b"a=1; b=2"]),
        ([b"Cookie: pin=x; a=1"], [b"a=1"]),
        ([b"Cookie: a=1;pin=x;"], [b"a=1"]),
        ([b"Cookie: a=1; pin=x; pin=y"], [b"a=1"]),
        ([b"Cookie: a=1; pin = x ;c"], [b"a=1; c"]),
        ([b"Cookie: a=1", b"cookie: pin=x", b"COOKIE: b=2"], [b"a=1", b"b=2"]),
        ([b"Cookie: a=1; xpin=2"], [b"a=1; xpin=2"]),
        ([b"Cookie: a=1; PIN=2"], [b"a=1; PIN=2"]),
        ([], []),
    ],
)
def test_taken_out(lines: list[bytes], left: list[bytes]) -> None:
    head = requested(*lines, b"A: b")
    COOKIE.take_out(head)
    assert head.headers.get_all(b"cookie") == left
    assert head.headers.get(b"a") == b"b"


def test_a_request_without_it_is_not_taken_apart() -> None:
    head = requested(b"Cookie: a=1")
    wire = head.wire
    COOKIE.take_out(head)
    assert head.wire is wire


@given(st.lists(st.sampled_from([b"pin", b"a", b"=", b";", b" ", b'"', b"pin=1"]), max_size=30))
def test_the_others_stay(parts: list[bytes]) -> None:
    line = b"".join(parts)
    head = requested(b"Cookie:" + line)
    COOKIE.take_out(head)
    assert cookie_of(head, b"pin") is None
    left = [pair for value in head.headers.get_all(b"cookie") for pair in cookies_in(value)]
    assert left == [pair for pair in cookies_in(line) if pair[0] != b"pin"]
