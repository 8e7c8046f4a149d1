"""Lines of the access log: every field, and nothing a client sends can break or forge one."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.records import record
from pointsman.app.access_log_formats import CombinedFormat, JsonFormat
from pointsman.app.redaction import Redaction
from pointsman.model.record import ExchangeRecord

NOTHING = Redaction()

# Apache's combined format as log analysers read it, with one more header.
COMBINED = re.compile(
    r'(?P<client>\S+) - - \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" '
    r'(?P<status>\d{3}|-) (?P<bytes>\d+) "(?P<referer>(?:[^"\\]|\\.)*)" '
    r'"(?P<agent>(?:[^"\\]|\\.)*)"(?: "(?P<more>(?:[^"\\]|\\.)*)")?\n'
)


def test_json_has_every_field() -> None:
    assert json.loads(JsonFormat(NOTHING).line(record())) == {
        "time": "2026-11-23T16:40:00.500Z",
        "service": "site",
        "client": "192.0.2.1",
        "client_port": 40000,
        "method": "GET",
        "target": "/index.html",
        "status": 200,
        "bytes_in": 0,
        "bytes_out": 612,
        "server": "a",
        "pin": "new",
        "attempts": 1,
        "connect": 0,
        "first_byte": 0.25,
        "total": 0.5,
        "request_id": "8f3a09c1d2e4-31",
        "termination": "ok",
    }


def test_json_has_the_server_name_that_was_asked_for_and_only_then() -> None:
    line = JsonFormat(NOTHING).line(record(server_name="a.example.org"))
    assert json.loads(line)["server_name"] == "a.example.org"
    assert "server_name" not in json.loads(JsonFormat(NOTHING).line(record()))
    forged = JsonFormat(NOTHING).line(record(server_name='a","status":1\n'))
    assert json.loads(forged)["server_name"] == 'a","status":1\n'
    assert forged.count("\n") == 1


def test_json_says_null_for_what_was_never_there() -> None:
    tunnel = record(
        method=b"", target=b"", status=0, server="", pin="", connect=-1.0, first_byte=-1.0,
        request=None,
    )  # fmt: skip
    told = json.loads(JsonFormat(NOTHING, ["User-Agent"]).line(tunnel))
    nulls = {key for key, value in told.items() if value is None}
    assert nulls == {"method", "target", "status", "server", "pin", "connect", "first_byte"}
    assert told["headers"] == {}


def test_json_adds_the_headers_that_are_asked_for() -> None:
    line = JsonFormat(Redaction(cookies=["sid"]), ["User-Agent", "cookie", "x-none"]).line(
        record([(b"user-AGENT", b"curl"), (b"Cookie", b"a=1"), (b"cookie", b"sid=2")])
    )
    assert json.loads(line)["headers"] == {"user-agent": "curl", "cookie": "a=1, sid=REDACTED"}


def test_seconds_follow_the_clock_and_their_parts_are_not_rounded_up() -> None:
    form = JsonFormat(NOTHING)
    times = [json.loads(form.line(record(time=when)))["time"] for when in (59.9999, 60.0, 61.25)]
    assert times == [
        "1970-01-01T00:00:59.999Z",
        "1970-01-01T00:01:00.000Z",
        "1970-01-01T00:01:01.250Z",
    ]


def test_combined_is_what_log_analysers_read() -> None:
    headers = [(b"Referer", b"http://h/"), (b"User-Agent", b'a "quoted" \\ name')]
    line = CombinedFormat(NOTHING).line(record(headers))
    assert line == (
        '192.0.2.1 - - [23/Nov/2026:16:40:00 +0000] "GET /index.html HTTP/1.1" 200 612'
        ' "http://h/" "a \\"quoted\\" \\\\ name"\n'
    )


def test_combined_has_hyphens_for_a_tunnel() -> None:
    tunnel = record(method=b"", target=b"", status=0, request=None)
    assert CombinedFormat(NOTHING).line(tunnel).endswith('] "-" - 612 "-" "-"\n')


def test_combined_shows_redacted_targets_and_further_headers() -> None:
    form = CombinedFormat(Redaction(["t"]), ["X-Team"])
    line = form.line(record([(b"x-team", b"blue")], target=b"/?t=secret"))
    assert "secret" not in line
    assert line.endswith(' "-" "-" "blue"\n')


anything = st.binary(max_size=60) | st.sampled_from(
    [b'"', b"\\", b'\\"', b"\n{}", b'","status":500,"x":"', b"\r\n", b"\0", b"\x7f", b"\xff\xc3"]
)
hostile = st.builds(
    lambda method, target, agent, client, request_id: record(
        [(b"User-Agent", agent), (b"Referer", agent)],
        method=method,
        target=target,
        client_ip=client,
        request_id=request_id,
    ),
    anything,
    anything,
    anything,
    st.text(max_size=30),
    st.text(max_size=30),
)


@given(hostile)
def test_json_is_one_parseable_line_whatever_the_client_sends(sent: ExchangeRecord) -> None:
    line = JsonFormat(Redaction(["t"]), ["user-agent"]).line(sent)
    assert line.isascii()
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    told = json.loads(line, object_pairs_hook=list)
    assert [key for key, _ in told] == [
        "time", "service", "client", "client_port", "method", "target", "status", "bytes_in",
        "bytes_out", "server", "pin", "attempts", "connect", "first_byte", "total", "request_id",
        "termination", "headers",
    ]  # fmt: skip
    assert dict(told)["status"] == 200
    assert dict(told)["client"] == sent.client_ip


@given(hostile)
def test_combined_is_one_parseable_line_whatever_the_client_sends(sent: ExchangeRecord) -> None:
    line = CombinedFormat(NOTHING, ["referer"]).line(sent)
    assert line.isascii()
    assert line[:-1].isprintable()
    found = COMBINED.fullmatch(line)
    assert found is not None
    assert (found["status"], found["bytes"]) == ("200", "612")
    assert found["agent"] == found["referer"] == found["more"]


@given(st.binary(min_size=1, max_size=60).filter(lambda data: b"?" not in data))
def test_what_is_utf8_comes_back_from_json_as_it_was(target: bytes) -> None:
    told = json.loads(JsonFormat(NOTHING).line(record(target=target)))["target"]
    assert told == target.decode("utf-8", "backslashreplace")


@pytest.mark.parametrize("form", [JsonFormat(NOTHING), CombinedFormat(NOTHING)])
def test_a_proxy_s_word_for_an_address_cannot_add_fields(form: JsonFormat | CombinedFormat) -> None:
    line = form.line(record(client_ip='1.2.3.4 - root ["x'))
    assert "root" in line
    if isinstance(form, CombinedFormat):
        assert COMBINED.fullmatch(line) is not None
