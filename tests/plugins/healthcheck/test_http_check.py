"""What is asked, and which answers mean that a server is up."""

from typing import Any

import pytest
from pydantic import ValidationError

from kit.probing import talk
from pointsman.contracts import HealthCheck, Surroundings, Verdict
from pointsman.model.address import Address
from pointsman.model.server import RealServer
from pointsman_healthcheck.http_check import HttpSettings, make

SERVER = RealServer("fe1", Address.parse("10.0.0.1:8080"))
OK = b"HTTP/1.1 200 OK\r\n"


def check(**keys: Any) -> HealthCheck:
    return make(HttpSettings(**keys), Surroundings())


def sent(server: RealServer = SERVER, **keys: Any) -> bytes:
    probe = check(**keys).probe(server)
    assert probe is not None
    said = probe.start()
    assert isinstance(said, bytes)
    return said


def verdict(raw: bytes, *, closes: bool = False, **keys: Any) -> Verdict | None:
    """The verdict on an answer, after making sure that byte by byte it is the same."""
    results = []
    for pieces in ([raw], [bytes([byte]) for byte in raw]):
        probe = check(**keys).probe(SERVER)
        assert probe is not None
        found, _ = talk(probe, pieces, close=closes)
        results.append(found)
    assert results[0] == results[1]
    found = results[0]
    assert found is None or isinstance(found, Verdict)
    return found


def test_by_default_it_is_a_head_for_the_root() -> None:
    assert sent() == (
        b"HEAD / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n"
        b"User-Agent: pointsman-health\r\nConnection: close\r\n\r\n"
    )
    assert check(path="/abs/handler").describes == "HEAD /abs/handler"


def test_everything_about_the_request_can_be_set() -> None:
    asked = sent(
        method="POST",
        path="/check?deep=1",
        host="pool.example",
        version=1.0,
        headers={"Authorization": "Basic eDp5", "user-agent": "probe"},
        body="söme",
    )
    assert asked == (
        b"POST /check?deep=1 HTTP/1.0\r\nHost: pool.example\r\nAuthorization: Basic eDp5\r\n"
        b"user-agent: probe\r\nContent-Length: 5\r\n\r\ns\xc3\xb6me"
    )


@pytest.mark.parametrize(
    ("place", "host"),
    [
        ("10.0.0.1:80", b"10.0.0.1"),
        ("[2001:db8::1]:443", b"[2001:db8::1]:443"),
        ("web.example:81", b"web.example:81"),
        ("unix:/run/web.sock", b"localhost"),
    ],
)
def test_the_host_is_the_servers_own_unless_it_is_set(place: str, host: bytes) -> None:
    assert b"\r\nHost: " + host + b"\r\n" in sent(RealServer("a", Address.parse(place)))


def test_the_method_follows_from_what_is_asked() -> None:
    assert sent(match="ok").startswith(b"GET / ")
    assert sent(body="x").startswith(b"POST / ")
    assert b"Content-Length: 0\r\n" in sent(method="POST")
    assert sent(method="OPTIONS", path="*").startswith(b"OPTIONS * ")


@pytest.mark.parametrize(("status", "up"), [(200, 1), (299, 1), (301, 1), (302, 1), (401, 1)])
def test_5_4_accepted_codes_are_up(status: int, up: int) -> None:
    assert verdict(b"HTTP/1.1 %d x\r\n\r\n" % status) == Verdict(True, f"{status} to HEAD /")


@pytest.mark.parametrize("status", [300, 303, 304, 400, 403, 404, 500, 503, 101])
def test_5_4_every_other_code_is_down_and_says_so(status: int) -> None:
    reason = f"{status} not among accepted 200-299, 301, 302, 401"
    assert verdict(b"HTTP/1.1 %d x\r\n\r\n" % status) == Verdict(False, reason)


def test_a_list_of_codes_replaces_the_default() -> None:
    assert verdict(b"HTTP/1.1 403 x\r\n\r\n", accept=[403, "500 - 502"]) == Verdict(
        True, "403 to HEAD /"
    )
    assert verdict(OK + b"\r\n", accept=403) == Verdict(False, "200 not among accepted 403")


def test_interim_answers_are_no_answers() -> None:
    assert verdict(b"HTTP/1.1 100 Continue\r\n\r\n") is None
    found = verdict(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\n")
    assert found == Verdict(True, "200 to HEAD /")


def test_a_pattern_is_searched_in_the_body() -> None:
    body = OK + b"Content-Length: 7\r\n\r\nall ok\n"
    assert verdict(body, match=r"\bok$") == Verdict(True, "200 to GET /")
    assert verdict(body, match="bad") == Verdict(
        False, "200, but 'bad' is not in its body, which begins b'all ok\\n'"
    )
    assert verdict(
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n", match="^ok$"
    )
    assert verdict(OK + b"\r\nok", match="ok") is None  # it may go on
    assert verdict(OK + b"\r\nok", match="ok", closes=True) == Verdict(True, "200 to GET /")
    assert verdict(OK + b"Content-Length: 0\r\n\r\n", match="ok", closes=True) == Verdict(
        False, "200, but 'ok' is not in its body, which begins b''"
    )


def test_5_4_the_pattern_sees_4_kib_and_answers_of_2xx_only() -> None:
    late = OK + b"\r\n" + b"x" * 4096 + b"ok"
    found = verdict(late, match="ok")
    assert found is not None
    assert not found.up
    assert verdict(OK + b"\r\n" + b"x" * 4094 + b"ok", match="ok") == Verdict(True, "200 to GET /")
    assert verdict(b"HTTP/1.1 401 x\r\n\r\nno", match="ok") == Verdict(True, "401 to GET /")
    assert verdict(b"HTTP/1.1 500 x\r\n\r\nok", match="ok") == Verdict(
        False, "500 not among accepted 200-299, 301, 302, 401"
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "closed without an answer"),
        (b"SSH-2.0-x\r\n", "not an HTTP answer: b'SSH-2.0-x'"),
        (OK + b"Server: x\r\n", "closed in the middle of the head of a 200 answer"),
        (OK + b"Content-Length: 9\r\n\r\nok", "closed after 2 bytes of an unfinished body"),
    ],
)
def test_what_is_no_whole_answer_is_down(raw: bytes, reason: str) -> None:
    assert verdict(raw, match="ok", closes=True) == Verdict(False, reason)


def test_checks_with_the_same_settings_are_one_and_others_are_not() -> None:
    settings: list[dict[str, Any]] = [
        {},
        {"accept": [403]},
        {"headers": {"A": "b"}},
        {"match": "x"},
        {"match": "y"},
    ]
    assert [check(**keys) for keys in settings] == [check(**keys) for keys in settings]
    assert len({check(**keys) for keys in settings}) == len(settings)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"method": "HEAD", "match": "x"}, "a HEAD answer has no body to match: use GET"),
        ({"method": "HEAD", "body": "x"}, "a HEAD request has no body: use POST"),
        ({"method": "BREW"}, "'HEAD', 'GET', 'POST' or 'OPTIONS'"),
        ({"path": "abs"}, "path must begin with /"),
        ({"path": "/a b"}, "hold no blanks"),
        ({"path": "/a\r\nX: y"}, "hold no blanks"),
        ({"path": "*"}, "OPTIONS only"),
        ({"host": "a b"}, "without blanks"),
        ({"version": 2.0}, "'1.0' or '1.1'"),
        ({"headers": {"A:": "b"}}, "not the name of a header field"),
        ({"headers": {"A": "b\r\nC: d"}}, "printable ASCII"),
        ({"headers": {"Host": "b"}}, "follows from `host:`"),
        ({"headers": {"Content-Length": "1"}}, "follows from `body:`"),
        ({"accept": []}, "at least one code"),
        ({"accept": ["299-200"]}, "'299-200' is not a code or range"),
        ({"accept": [True]}, "valid string"),
        ({"accept": [99]}, "'99' is not a code"),
        ({"match": "("}, "not a regular expression"),
        ({"interval": "9s"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_say_why(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HttpSettings(**keys)
    assert words in str(caught.value)
