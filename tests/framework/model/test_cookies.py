"""Cookies as real clients and servers write them, and anything else: nothing raises."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.cookies import (
    SetCookie,
    cookie_of,
    cookies_in,
    cookies_set,
    first_cookie,
    read_date,
    read_set_cookie,
)
from pointsman.model.headers import Headers
from pointsman.model.message import RequestHead, ResponseHead

NOW = 1_700_000_000.0  # 14 November 2023
BIG = b"x" * 8192
MANY = b"; ".join(b"c%d=%d" % (n, n) for n in range(200))

# Cookie field -> value of the cookie "sid", None if it has none.
CASES: list[tuple[bytes, bytes | None]] = [
    (b"sid=1", b"1"),
    (b"sid=1; a=2", b"1"),
    (b"a=2; sid=1", b"1"),
    (b"a=2;sid=1", b"1"),
    (b"a=2;sid=1;b=3", b"1"),
    (b"a=2;  sid=1  ;b=3", b"1"),
    (b"a=2;\tsid=1\t;b=3", b"1"),
    (b" sid=1", b"1"),
    (b"sid =1", b"1"),
    (b"sid= 1", b"1"),
    (b"sid = 1 ", b"1"),
    (b"sid\t=\t1", b"1"),
    (b"sid=", b""),
    (b"sid=;a=1", b""),
    (b'sid=""', b""),
    (b'sid="1"', b"1"),
    (b'sid= "1" ; a=2', b"1"),
    (b'sid="', b'"'),
    (b'sid="1', b'"1'),
    (b'sid=1"', b'1"'),
    (b'sid="a b"', b"a b"),
    (b'sid="a\\"b"', b'a\\"b'),
    (b'sid="1;2"', b'"1'),  # as browsers do: a semicolon ends it even between quotes
    (b"sid=a=b", b"a=b"),
    (b"sid==", b"="),
    (b"sid=YWJj==; a=1", b"YWJj=="),
    (b"sid=a,b", b"a,b"),
    (b"sid=1, sid=2", b"1, sid=2"),
    (b"sid=1; sid=2", b"1"),  # the first wins
    (b"sid=; sid=2", b""),
    (b"sid; sid=2", b"2"),
    (b"sid", None),
    (b"sid;", None),
    (b"sid ;=1", None),
    (b"", None),
    (b";", None),
    (b";;;", None),
    (b"; ;sid=1", b"1"),
    (b"=1", None),
    (b"=sid", None),
    (b"= sid=1", None),
    (b"xsid=1", None),
    (b"x-sid=1", None),
    (b"x sid=1", None),
    (b"sidx=1", None),
    (b"sid2=1; sid=2", b"2"),
    (b"xsid=1; sid=2", b"2"),
    (b"sidsid=1; sid=2", b"2"),
    (b"a=sid=1", None),
    (b"a=sid; sid=2", b"2"),
    (b"a= sid=1; sid=2", b"2"),
    (b"SID=1", None),
    (b"Sid=1; sid=2", b"2"),
    (b"$Version=1; sid=1; $Path=/", b"1"),  # RFC 2109
    (b'$Version="1"; sid="1"; $Path="/"', b"1"),
    (b"__utma=1.2.3; __utmz=a|b=(direct)|c; sid=1", b"1"),
    (b"consent={%22a%22:1}; sid=1", b"1"),
    (b'prefs={"a":1,"sid":2}; sid=1', b"1"),
    (b'prefs={"a":";sid=9"}; sid=1', b'9"}'),  # nothing can tell that from a cookie
    (b"a=\xc3\xa4; sid=\xe4\xf6", b"\xe4\xf6"),
    (b"a=\x00; sid=1\x002", b"1\x002"),
    (b"\x00sid=1", None),
    (b"a=1; sid=%31", b"%31"),
    (b"a=1; sid=1.node1", b"1.node1"),
    (b"a=1 ; sid=s%3Aabc.def%2Bg", b"s%3Aabc.def%2Bg"),
    (b"a=" + BIG + b"; sid=1", b"1"),
    (b"sid=" + BIG, BIG),
    (MANY, None),
    (MANY + b"; sid=1", b"1"),
    (b"sid=1; " + MANY, b"1"),
    (b"sid" * 3000, None),
    (b"sid" + b" " * 8000 + b"=1", b"1"),
    (b" " * 8000 + b"sid=1", b"1"),
    (b"sid " * 2000 + b"; sid=1", b"1"),
]


def request(*lines: bytes) -> RequestHead:
    """As the codec makes it, nothing taken apart."""
    return RequestHead(b"GET", b"/", wire=b"".join(line + b"\r\n" for line in lines))


@pytest.mark.parametrize(("line", "value"), CASES, ids=range(len(CASES)))
def test_the_cookie_is_found(line: bytes, value: bytes | None) -> None:
    assert first_cookie(line, b"sid") == value
    assert next((text for name, text in cookies_in(line) if name == b"sid"), None) == value
    assert cookie_of(request(b"Host: h", b"Cookie: " + line, b"A: b"), b"sid") == value
    assert cookie_of(request(b"cookie:" + line), b"sid") == value
    assert cookie_of(request(b"COOKIE: " + line, b"A: sid=7"), b"sid") == value
    changed = request(b"Cookie: " + line)
    changed.headers.set(b"X", b"y")
    assert cookie_of(changed, b"sid") == value


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([b"Host: h"], None),
        ([], None),
        ([b"Referer: http://h/?sid=2", b"Cookie: sid=1"], b"1"),
        ([b"Referer: http://h/?a; sid=2"], None),
        ([b"Set-Cookie: sid=2", b"Cookie: a=1"], None),
        ([b"X-Cookie: sid=2", b"Cookie: sid=1"], b"1"),
        ([b"Cookie2: sid=2"], None),
        ([b"Cookie: a=1", b"Cookie: sid=1"], b"1"),
        ([b"Cookie: sid=1", b"Cookie: sid=2"], b"1"),
        ([b"cookie: xsid=1", b"COOKIE: sid=2", b"Cookie: sid=3"], b"2"),
        ([b"sid: 1", b"Cookie: sid=2"], b"2"),
        ([b"Cookie: sid", b"Cookie:", b"cookie: sid=2"], b"2"),
    ],
)
def test_only_cookie_fields_count_and_the_first_wins(
    lines: list[bytes], value: bytes | None
) -> None:
    assert cookie_of(request(*lines), b"sid") == value


PARTS = st.sampled_from(
    [b"sid", b"=", b";", b" ", b"\t", b'"', b"a", b"1", b"\x00", b"\xff", b",", b"sid=", b"; sid="]
)
LINES = st.lists(PARTS, max_size=40).map(b"".join)


@given(LINES)
def test_searching_and_taking_apart_agree(line: bytes) -> None:
    wanted = next((value for name, value in cookies_in(line) if name == b"sid"), None)
    assert first_cookie(line, b"sid") == wanted
    assert cookie_of(request(b"Cookie:" + line), b"sid") == wanted


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=4))
def test_nothing_is_too_odd(line: bytes, name: bytes) -> None:
    first_cookie(line, name)
    for told, value in cookies_in(line):
        assert told
        assert b";" not in value


# ---- Set-Cookie ----

# Set-Cookie field -> value and seconds that it is kept, None if it is ignored.
SET_CASES: list[tuple[bytes, tuple[bytes, float] | None]] = [
    (b"sid=1", (b"1", math.inf)),
    (b"sid=1; Path=/; HttpOnly; Secure; SameSite=None; Partitioned", (b"1", math.inf)),
    (b'sid="1"; Version=1', (b"1", math.inf)),
    (b" sid = 1 ;Path=/", (b"1", math.inf)),
    (b"sid=", (b"", math.inf)),
    (b"sid=a=b; Path=/", (b"a=b", math.inf)),
    (b"sid=1; Max-Age=60", (b"1", 60.0)),
    (b"sid=1;max-age=60", (b"1", 60.0)),
    (b"sid=1; MAX-AGE = 60 ", (b"1", 60.0)),
    (b"sid=1; Max-Age=0", (b"1", 0.0)),
    (b"sid=; Max-Age=-1", (b"", -1.0)),
    (b"sid=1; Max-Age=", (b"1", math.inf)),
    (b"sid=1; Max-Age=1.5", (b"1", math.inf)),
    (b"sid=1; Max-Age=+5", (b"1", math.inf)),
    (b"sid=1; Max-Age=abc", (b"1", math.inf)),
    (b'sid=1; Max-Age="60"', (b"1", math.inf)),
    (b"sid=1; Max-Age=" + b"9" * 5000, (b"1", math.inf)),
    (b"sid=1; Max-Age=-" + b"9" * 5000, (b"1", -1.0)),
    (b"sid=1; Max-Age=0; Max-Age=60", (b"1", 60.0)),
    (b"sid=1; Max-Age=60; Max-Age=x", (b"1", 60.0)),
    (b"sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", (b"1", -NOW)),
    (b"sid=1; Expires=Thu, 01-Jan-1970 00:00:01 GMT; Path=/", (b"1", 1 - NOW)),
    (b"sid=1; Expires=Tue, 14 Nov 2023 22:14:20 GMT", (b"1", 60.0)),
    (b"sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", (b"1", 60.0)),
    (b"sid=1; Max-Age=0; Expires=Tue, 14 Nov 2123 22:14:20 GMT", (b"1", 0.0)),
    (b"sid=1; Expires=never", (b"1", math.inf)),
    (b"sid=1; Expires", (b"1", math.inf)),
    (b"sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=never", (b"1", -NOW)),
    (b"sid=\xe4\x00; Path=/", (b"\xe4\x00", math.inf)),
    (b"sid=" + BIG, (BIG, math.inf)),
    (b"sid=1;;; ;=;Max-Age=5;", (b"1", 5.0)),
    (b"sid", None),
    (b"=1", None),
    (b"", None),
    (b"; Path=/", None),
    (b"sid; a=b", None),
]


@pytest.mark.parametrize(("line", "expected"), SET_CASES, ids=range(len(SET_CASES)))
def test_what_a_server_sets(line: bytes, expected: tuple[bytes, float] | None) -> None:
    wanted = None if expected is None else SetCookie(b"sid", *expected)
    assert read_set_cookie(line, NOW) == wanted
    head = ResponseHead(302, wire=b"Location: /\r\nSet-Cookie: " + line + b"\r\n")
    assert cookies_set(head, b"sid", NOW) == ([] if wanted is None else [wanted])


def test_several_lines_and_other_cookies() -> None:
    lines = [(b"Set-Cookie", b"other=sid; Path=/"), (b"SET-COOKIE", b"sid=1; Path=/a"),
             (b"X-Sid", b"sid=3"), (b"set-cookie", b"sid=2; Max-Age=0")]  # fmt: skip
    wanted = [SetCookie(b"sid", b"1"), SetCookie(b"sid", b"2", 0.0)]
    wire = b"".join(b"%b: %b\r\n" % line for line in lines)
    assert cookies_set(ResponseHead(200, wire=wire), b"sid", NOW) == wanted
    assert cookies_set(ResponseHead(200, Headers(lines)), b"sid", NOW) == wanted
    assert cookies_set(ResponseHead(200, wire=wire), b"none", NOW) == []
    assert cookies_set(ResponseHead(200), b"sid", NOW) == []


@given(st.binary(max_size=300))
def test_nothing_that_a_server_sets_is_too_odd(line: bytes) -> None:
    cookie = read_set_cookie(line, NOW)
    if cookie is not None:
        assert cookie.name
        assert not math.isnan(cookie.lifetime)


# ---- dates ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", (1994, 11, 6, 8, 49, 37)),  # RFC 1123
        (b"Sunday, 06-Nov-94 08:49:37 GMT", (1994, 11, 6, 8, 49, 37)),  # RFC 850
        (b"Sun Nov  6 08:49:37 1994", (1994, 11, 6, 8, 49, 37)),  # asctime
        (b"Sun, 06-Nov-1994 08:49:37 GMT", (1994, 11, 6, 8, 49, 37)),  # Netscape
        (b"06 nov 1994 8:9:7", (1994, 11, 6, 8, 9, 7)),
        (b"1994 November 6th 08:49:37.123 +0100", (1994, 11, 6, 8, 49, 37)),  # zones do not count
        (b"08:49:37 6 November 1994", (1994, 11, 6, 8, 49, 37)),
        (b"Fri, 31 Dec 9999 23:59:59 GMT", (9999, 12, 31, 23, 59, 59)),
        (b"Thu, 01 Jan 1970 00:00:00 GMT", (1970, 1, 1, 0, 0, 0)),
        (b"Mon, 01 Jan 1601 00:00:00 GMT", (1601, 1, 1, 0, 0, 0)),
        (b"01 Jan 70 00:00:00", (1970, 1, 1, 0, 0, 0)),
        (b"01 Jan 69 00:00:00", (2069, 1, 1, 0, 0, 0)),
        (b"29 Feb 2024 00:00:00", (2024, 2, 29, 0, 0, 0)),
        (b"29 Feb 2023 00:00:00", None),
        (b"31 Apr 2023 00:00:00", None),
        (b"00 Jan 2023 00:00:00", None),
        (b"32 Jan 2023 00:00:00", None),
        (b"01 Jan 1600 00:00:00", None),
        (b"01 Jan 2023 24:00:00", None),
        (b"01 Jan 2023 00:60:00", None),
        (b"01 Jan 2023 00:00:60", None),
        (b"01 Jan 2023", None),
        (b"01 2023 00:00:00", None),
        (b"Jan 00:00:00", None),
        (b"0", None),
        (b"", None),
        (b"\xff\x00 :: --", None),
    ],
)
def test_dates(text: bytes, expected: tuple[int, int, int, int, int, int] | None) -> None:
    wanted = None if expected is None else datetime(*expected, tzinfo=UTC).timestamp()
    assert read_date(text) == wanted


@given(st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31)))
def test_every_usual_form_is_read(moment: datetime) -> None:
    wanted = moment.replace(microsecond=0, tzinfo=UTC).timestamp()
    for form in (
        "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y",
    ):  # fmt: skip
        assert read_date(moment.strftime(form).encode()) == wanted


@given(st.binary(max_size=60))
def test_no_date_is_too_odd(text: bytes) -> None:
    read_date(text)
