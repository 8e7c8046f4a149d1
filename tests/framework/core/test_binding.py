"""Which exchanges log their connection in, and that such connections are never shared."""

from __future__ import annotations

import pytest

from kit.offers import Pins
from kit.recorders import RecordedUpstream, Stage, request, response
from pointsman.contracts import Arrival, Persistence
from pointsman.core.binding import logs_in_connection, may_log_in
from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.request_reader import RequestReader
from pointsman.core.pool import Pool
from pointsman.core.server_states import DISABLED, DRAINING
from pointsman.model.headers import Field
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.service import Limits

NTLM = b"NTLM TlRMTVNTUAABAAAA"


def asking(authorization: bytes = b"") -> RequestHead:
    """A request head, read from bytes as in the program."""
    line = b"Authorization: %b\r\n" % authorization if authorization else b""
    head = RequestReader(Limits(), FieldLines()).read(
        b"GET / HTTP/1.1\r\nHost: a.example\r\n%b\r\n" % line
    )
    assert head is not None
    return head


def challenge(*values: bytes) -> ResponseHead:
    fields: list[Field] = [(b"WWW-Authenticate", value) for value in values]
    return response(401, fields=fields)


@pytest.mark.parametrize(
    ("authorization", "answer", "binds"),
    [
        (b"", response(), False),
        (b"", response(401), False),
        (b"", challenge(b'Basic realm="x"'), False),
        (b"", challenge(b"NTLM"), True),
        (b"", challenge(b"Basic realm=x", b"negotiate"), True),
        (b"", challenge(b"Basic realm=x, Negotiate, NTLM"), True),
        (b"", challenge(b"NTLM TlRMTVNTUAACAAAA"), True),
        (b"", response(200, fields=[(b"WWW-Authenticate", b"NTLM")]), False),
        (b"Basic QQ==", response(), False),
        (b"Bearer ntlm", challenge(b"Bearer"), False),
        (NTLM, response(), True),
        (b"nEgOtIaTe YII", response(), True),
        (b"Negotiate\tYII", response(), False),
    ],
)
def test_who_logs_in(authorization: bytes, answer: ResponseHead, binds: bool) -> None:
    head = asking(authorization)
    assert logs_in_connection(head, answer) is binds
    assert may_log_in(head, answer) or not binds


def test_others_are_not_looked_at_closely() -> None:
    assert not may_log_in(asking(), response())
    assert not may_log_in(asking(), response(403))


# ---- what exchanges make of it ----


class Elsewhere(Pins):
    """Says that everybody belongs to b, once it is told to."""

    name: str | None = None

    def find(self, arrival: Arrival, now: float) -> str | None:
        return self.name


def logged_in(
    servers: int = 2, *, allow_connect: bool = False, persistence: Persistence | None = None
) -> tuple[Stage, RecordedUpstream]:
    """A client that has been asked to log in, by the first server."""
    stage = Stage(servers, allow_connect=allow_connect, persistence=persistence)
    stage.asks(asking())
    upstream = stage.upstreams.last.connects()
    stage.exchange.response_began(challenge(b"NTLM"), b"", True)
    assert upstream.end == "bound"
    assert stage.client.bound is upstream
    stage.check_it_is_over()
    return stage, upstream


def test_the_next_request_goes_by_the_same_connection_and_waits_again() -> None:
    stage, upstream = logged_in()
    stage.members[0].set_weight(0)  # the scheduler would choose another
    for authorization in (NTLM, b""):
        stage.asks_again(asking(authorization))
        assert stage.client.bound is None
        assert upstream.requests == 1
        upstream.answers()
        assert (stage.record.server, stage.record.pin) == ("a", "bound")
        assert stage.client.bound is upstream
        stage.check_it_is_over()
    assert len(stage.upstreams.openings) == 1


def test_without_a_login_connections_go_back_to_all() -> None:
    stage = Stage()
    stage.asks(asking(b"Basic QQ=="))
    upstream = stage.upstreams.last.connects()
    upstream.answers(401)
    assert upstream.end == "released"
    assert stage.client.bound is None


def test_a_connection_that_ends_after_the_answer_is_not_kept() -> None:
    stage = Stage()
    stage.asks(asking(NTLM))
    upstream = stage.upstreams.last.connects()
    stage.exchange.response_began(response(keep_alive=False), b"", True)
    assert upstream.end == "closed"
    assert stage.client.bound is None


@pytest.mark.parametrize(
    "what", ["down", "disabled", "removed", "another kind", "pinned elsewhere"]
)
def test_a_login_is_given_up_where_its_server_cannot_be_used(what: str) -> None:
    elsewhere = Elsewhere(None)
    stage, upstream = logged_in(persistence=elsewhere)
    if what == "down":
        stage.members[0].set_health(False, "down")
    elif what == "disabled":
        stage.members[0].set_admin(DISABLED)
    elif what == "removed":
        stage.service.pool = Pool("pool", stage.members[1:], stage.scheduler)
    elif what == "another kind":
        upstream.kind = "another"
    else:
        elsewhere.name = "b"
    stage.asks_again(asking())
    assert upstream.end == "closed"
    assert stage.client.bound is None
    fresh = stage.upstreams.last.connects()
    fresh.answers()
    assert fresh.end == "released"
    stage.check_it_is_over()


def test_a_server_that_drains_keeps_whom_it_has() -> None:
    stage, upstream = logged_in()
    stage.members[0].set_admin(DRAINING)
    stage.asks_again(asking())
    assert upstream.requests == 1


def test_a_connection_that_the_server_had_closed_meanwhile_is_a_race() -> None:
    stage, upstream = logged_in()
    stage.asks_again(asking(NTLM))
    upstream.fails()
    again = stage.upstreams.last
    assert again.member is stage.members[0]
    assert stage.upstreams.fresh[-1]
    connection = again.connects()
    connection.answers()
    assert stage.client.bound is connection
    assert stage.members[0].failures == 0


def test_connect_never_goes_by_it() -> None:
    stage, upstream = logged_in(allow_connect=True)
    stage.asks_again(request(b"CONNECT"))
    assert upstream.end == "closed"
    assert stage.upstreams.fresh[-1]
