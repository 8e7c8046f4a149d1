"""Server cookies: learned, unlearned, and looked up wherever they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.arrivals import Visit, connection
from kit.persistences import answering, asking, made
from pointsman.contracts import Misfit, Persistence
from pointsman_persistence.memory_table import MemoryTable
from pointsman_persistence.server_cookie import ServerCookie, ServerCookieSettings

NOW = 1_700_000_000.0


def pins(path_parameter: bytes = b"") -> ServerCookie:
    return ServerCookie(MemoryTable(100, 60.0), b"sid", path_parameter, lambda: NOW)


def where(persistence: Persistence, *lines: bytes, target: bytes = b"/") -> str | None:
    return persistence.find(asking(*lines, target=target), 1.0)


def answered(persistence: Persistence, arrival: Visit, member: str, *lines: bytes) -> None:
    """A request that was chosen for arrives at a server, which answers."""
    persistence.find(arrival, 0.0)
    persistence.response(arrival, answering(*lines), member, 0.5)


@pytest.mark.parametrize(
    "line",
    [
        b"Set-Cookie: sid=1",
        b"set-cookie: sid=1; Path=/; HttpOnly",
        b"SET-COOKIE:sid=1;Secure",
        b'Set-Cookie: sid="1"; Version=1',
        b"Set-Cookie: sid = 1 ; Max-Age=60",
        b"Set-Cookie: sid=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        b"Set-Cookie: a=b\r\nSet-Cookie: sid=1\r\nSet-Cookie: c=d",
        b"Set-Cookie: sid=0; Path=/x\r\nSet-Cookie: sid=1; Path=/",
        b"Set-Cookie: sid=1\r\nSet-Cookie: sid=1; Path=/old; Max-Age=0",
        b"Set-Cookie: sid=; Path=/old; Max-Age=0\r\nSet-Cookie: sid=1",
    ],
)
@pytest.mark.parametrize("status", [200, 204, 302, 304, 401, 404, 500, 101])
def test_what_a_server_sets_is_learned_whatever_it_answers(line: bytes, status: int) -> None:
    persistence = pins()
    arrival = asking()
    assert persistence.find(arrival, 0.0) is None
    persistence.response(arrival, answering(b"A: b", line, status=status), "b", 0.0)
    assert where(persistence, b"Cookie: sid=1") == "b"
    assert where(persistence, b'Cookie: x=y; sid="1"') == "b"
    assert where(persistence, b"Cookie: sid=2") is None


def test_two_lines_of_the_same_name_are_both_learned() -> None:
    persistence = pins()
    answered(persistence, asking(), "b", b"Set-Cookie: sid=1", b"Set-Cookie: sid=2; Path=/a")
    assert where(persistence, b"Cookie: sid=1") == where(persistence, b"Cookie: sid=2") == "b"


@pytest.mark.parametrize(
    "line",
    [
        b"Set-Cookie: sid=1; Max-Age=0",
        b"Set-Cookie: sid=; Max-Age=-1",
        b"Set-Cookie: sid=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT",
        b"Set-Cookie: sid=x; Path=/; Max-Age=0\r\nSet-Cookie: a=b",
    ],
)
def test_what_a_server_takes_back_is_unlearned(line: bytes) -> None:
    persistence = pins()
    answered(persistence, asking(), "b", b"Set-Cookie: sid=1")
    answered(persistence, asking(b"Cookie: sid=1"), "b", line)
    assert where(persistence, b"Cookie: sid=1") is None
    assert where(persistence, b"Cookie: sid=deleted") is None
    assert len(persistence.table) == 0


def test_a_session_that_goes_on_under_a_new_value_keeps_the_old_one_as_well() -> None:
    persistence = pins()
    answered(persistence, asking(), "b", b"Set-Cookie: sid=1")
    answered(persistence, asking(b"Cookie: sid=1"), "b", b"Set-Cookie: sid=2")
    assert where(persistence, b"Cookie: sid=2") == "b"
    assert where(persistence, b"Cookie: sid=1") == "b"  # requests with it may be under way


def test_a_value_that_nobody_knows_is_learned_to_the_server_that_was_chosen() -> None:
    persistence = pins()
    arrival = asking(b"Cookie: sid=1")
    assert persistence.find(arrival, 0.0) is None
    persistence.bind(arrival, "c", 0.0)
    assert where(persistence, b"Cookie: sid=1") == "c"
    persistence.forget(arrival)
    assert where(persistence, b"Cookie: sid=1") is None


def test_repeating_the_cookie_of_a_guest_moves_no_pin() -> None:
    persistence = pins()
    answered(persistence, asking(), "a", b"Set-Cookie: sid=1")
    answered(persistence, asking(b"Cookie: sid=1"), "b", b"Set-Cookie: sid=1")
    assert where(persistence, b"Cookie: sid=1") == "a"
    answered(persistence, asking(b"Cookie: sid=7"), "b", b"Set-Cookie: sid=1")
    assert where(persistence, b"Cookie: sid=1") == "b"  # it was given out anew


def test_the_time_of_a_pin_runs_from_its_last_use() -> None:
    persistence = pins()
    answered(persistence, asking(), "a", b"Set-Cookie: sid=1")
    arrival = asking(b"Cookie: sid=1")
    assert persistence.find(arrival, 59.0) == "a"
    persistence.touch(arrival, 118.0)
    assert persistence.find(arrival, 177.0) == "a"
    assert persistence.find(arrival, 237.0) is None


@pytest.mark.parametrize(
    "lines",
    [(), (b"Cookie: a=b",), (b"Cookie: sid",), (b"Cookie: sid=",), (b'Cookie: sid=""',),
     (b"Cookie: SID=1",), (b"X-Cookie: sid=1",)],
)  # fmt: skip
def test_without_the_cookie_there_is_no_pin(lines: tuple[bytes, ...]) -> None:
    persistence = pins()
    arrival = asking(*lines)
    assert persistence.find(arrival, 0.0) is None
    persistence.bind(arrival, "a", 0.0)
    persistence.forget(arrival)
    assert len(persistence.table) == 0


def test_a_connection_has_no_cookie() -> None:
    persistence = pins()
    arrival = connection()
    assert persistence.find(arrival, 0.0) is None
    persistence.bind(arrival, "a", 0.0)
    assert len(persistence.table) == 0


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (b"/shop;jsessionid=1", b"1"),
        (b"/shop;jsessionid=1?x=2", b"1"),
        (b"/shop;jsessionid=1/more", b"1"),
        (b"/shop;v=3;jsessionid=1;w=4", b"1"),
        (b"http://h/shop;jsessionid=1#part", b"1"),
        (b"/shop;jsessionid=", b""),
        (b"/shop?x=;jsessionid=1", b""),
        (b"/shop;JSESSIONID=1", b""),
        (b"/shop;xjsessionid=1", b""),
        (b"*", b""),
    ],
)
def test_the_path_stands_in_for_the_cookie(target: bytes, value: bytes) -> None:
    persistence = pins(b"jsessionid")
    answered(persistence, asking(), "b", b"Set-Cookie: sid=1")
    assert where(persistence, target=target) == ("b" if value else None)
    assert where(persistence, b"Cookie: sid=1", target=b"/;jsessionid=2") == "b"


def test_a_value_in_the_path_is_learned_from_where_a_server_sends_its_client() -> None:
    persistence = pins(b"jsessionid")
    answered(persistence, asking(), "b", b"location: /shop;jsessionid=1?x=2")
    answered(persistence, asking(), "c", b"Content-Location: http://h/;jsessionid=2", b"A: b")
    answered(persistence, asking(), "c", b"Location: /shop", b"X: ;jsessionid=3")
    assert where(persistence, target=b"/cart;jsessionid=1") == "b"
    assert where(persistence, b"Cookie: sid=2") == "c"
    assert len(persistence.table) == 2


def test_values_of_any_size() -> None:
    persistence = pins()
    big = b"x" * 8192
    answered(persistence, asking(), "b", b"Set-Cookie: sid=" + big)
    assert where(persistence, b"Cookie: sid=" + big) == "b"
    assert where(persistence, b"Cookie: sid=" + big[1:]) is None


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_nothing_is_too_odd(line: bytes, told: bytes) -> None:
    persistence = pins(b"p")
    arrival = asking(b"Cookie: " + line)
    persistence.find(arrival, 0.0)
    persistence.bind(arrival, "a", 0.0)
    persistence.response(arrival, answering(b"Set-Cookie: " + told), "a", 0.0)
    persistence.find(arrival, 1.0)
    persistence.forget(arrival)


# ---- settings ----


def test_made_from_settings() -> None:
    persistence = made("server_cookie", cookie="JSESSIONID", path_parameter="jsessionid")
    assert persistence.timeout == 1200.0
    arrival = asking(b"Cookie: JSESSIONID=1.node1")
    persistence.find(arrival, 0.0)
    persistence.bind(arrival, "a", 0.0)
    assert persistence.find(asking(target=b"/;jsessionid=1.node1"), 1199.0) == "a"
    assert persistence.wants_response
    assert not persistence.wants_request
    assert persistence.warnings == ()
    assert persistence.refused == {}


def test_not_in_tcp_mode() -> None:
    with pytest.raises(Misfit, match="server_cookie looks at requests"):
        made("server_cookie", mode="tcp", cookie="x")


@pytest.mark.parametrize(
    "options",
    [{}, {"cookie": ""}, {"cookie": "a b"}, {"cookie": "a=b"}, {"cookie": "a;b"},
     {"cookie": "x", "path_parameter": "a=b"}, {"cookie": "x", "timeout": "0s"}],
)  # fmt: skip
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServerCookieSettings.model_validate(options)


# ---- whether it does anything ----


def many(persistence: ServerCookie, *lines: bytes, answer: bytes = b"A: b") -> None:
    for _ in range(1000):
        answered(persistence, asking(*lines), "a", answer)


def test_a_cookie_that_is_never_seen_is_doubted() -> None:
    persistence = pins()
    many(persistence, b"Cookie: other=1")
    told = persistence.doubt()
    assert "in none of the last 1000 requests" in told
    assert "in none of their last 1000 answers" in told
    assert "active_cookie" in told


def test_a_cookie_that_clients_do_not_bring_back_is_doubted() -> None:
    persistence = pins()
    many(persistence, answer=b"Set-Cookie: sid=1; Path=/elsewhere")
    assert "Path, Domain and Secure" in persistence.doubt()


def test_a_cookie_that_comes_is_not_doubted_though_it_is_set_no_more() -> None:
    persistence = pins()
    many(persistence, b"Cookie: sid=1")
    assert persistence.doubt() == ""
    many(persistence)
    answered(persistence, asking(b"Cookie: sid=1"), "a")
    assert persistence.doubt() == ""
    assert pins().doubt() == ""
