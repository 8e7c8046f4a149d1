"""Field lines: what each means, what is remembered, and that judging one takes no time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.http1 import fields as f
from pointsman.core.http1.field_lines import FieldLines, MalformedLine, is_authority
from pointsman.core.http1.fields import AUTHORIZATION
from pointsman.model.message import CLOSE, KEEP_ALIVE, UPGRADE, Mark


def test_ordinary_lines_have_no_mark() -> None:
    assert FieldLines()[b"Accept: */*"] is None


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        (b"host:a:80 ", Mark(f.HOST, b"host:a:80 ", b"a:80")),
        (b"Content-Length: 12", Mark(f.CONTENT_LENGTH, b"Content-Length: 12", b"12", 12)),
        (b"Connection:", Mark(f.CONNECTION, b"Connection:", b"")),
        (b"Connection: te", Mark(f.CONNECTION, b"Connection: te", b"te")),
        (
            b"CONNECTION: Close, keep-alive,UPGRADE ,x,, Y",
            Mark(
                f.CONNECTION,
                b"CONNECTION: Close, keep-alive,UPGRADE ,x,, Y",
                b"Close, keep-alive,UPGRADE ,x,, Y",
                CLOSE | KEEP_ALIVE | UPGRADE,
                (b"x", b"y"),
            ),
        ),
        (b"X_Forwarded_For: a", Mark(f.LOOKALIKE, b"X_Forwarded_For: a", b"a")),
    ],
)
def test_what_a_line_says(line: bytes, mark: Mark) -> None:
    lines = FieldLines()
    assert lines[line] == mark
    assert lines[line] is lines[line]


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_memory_changes_no_judgement(line: bytes, other: bytes) -> None:
    def judged(lines: FieldLines) -> Mark | str | None:
        try:
            return lines[line]
        except MalformedLine as error:
            return str(error)

    lines = FieldLines()
    for used in (other, line):
        try:
            lines[used]
        except MalformedLine:
            assert used not in lines
    assert judged(lines) == judged(FieldLines())


@pytest.mark.parametrize("line", [b"Cookie: a=b", b"AUTHORIZATION: x", b"A: " + b"b" * 300])
def test_secrets_and_long_lines_are_not_remembered(line: bytes) -> None:
    lines = FieldLines()
    mark = lines[line]
    assert mark is None or mark.bit == AUTHORIZATION
    assert line not in lines


def test_memory_is_bounded() -> None:
    lines = FieldLines()
    for number in range(20000):
        lines[b"A: %d" % number]
        lines.statuses[b"HTTP/1.1 200 %d" % number]
    assert len(lines) <= 4096
    assert len(lines.statuses) <= 4096


def test_a_long_line_of_blanks_is_judged_in_no_time() -> None:
    started = time.process_time()
    with pytest.raises(MalformedLine):
        FieldLines()[b"A:" + b" \t" * 30000 + b"\0"]
    assert time.process_time() - started < 1  # it was 40 seconds


@pytest.mark.parametrize(
    "text",
    [
        b"a",
        b"a.b.c",
        b"a:80",
        b"a:",
        b"1.2.3.4:65535",
        b"[::1]",
        b"[2001:db8::1]:8",
        b"a_b",
        b"%41",
        b"[::ffff:1.2.3.4]",
        b"xn--a.",
        b"a" * 300,
    ],
)
def test_hosts(text: bytes) -> None:
    assert is_authority(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b":80",
        b"a:65536",
        b"a:123456",
        b"a:x",
        b"u@a",
        b"a,b",
        b"a b",
        b"::1",
        b"[::1",
        b"[]",
        b"[:::]",
        b"[g::]",
        b"a/",
        b"a?",
        b"a#",
        b"a\\",
        b"%4",
        b"a\n",
        b"a\r\n",
        b"a\x00",
        b"[::1]a",
    ],
)
def test_no_hosts(text: bytes) -> None:
    assert not is_authority(text)
