"""What may keep a request from going on."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from kit.routes import Routes, answered, sent
from kit.ruled_stage import RuledStage
from pointsman.contracts import Misfit
from pointsman.model.headers import Field
from pointsman_rules.rule_tables import RuleTable


def status(stage: RuledStage) -> int:
    """Of the answer; 0 if a server is asked."""
    response = stage.exchange.response
    return response.status if response is not None else 0


def test_networks_are_denied_or_allowed() -> None:
    routes = Routes("[{deny: 192.0.2.0/24}]")
    assert status(routes.asks()) == 403
    assert status(routes.asks(client="10.0.0.1")) == 0
    routes = Routes("[{allow: [10.0.0.0/8, 192.0.2.7]}]")
    assert status(routes.asks()) == 403
    assert status(routes.asks(client="192.0.2.7")) == 0


# ---- rates ----


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    routes = Routes("[{rate_limit: {requests: 2, per: 10s}}]")
    assert [status(routes.asks()) for _ in range(3)] == [0, 0, 429]
    assert status(routes.asks(client="10.0.0.1")) == 0
    assert sent(routes.asks()).get(b"retry-after") == b"5"
    assert routes.room is not None
    routes.room.reactor.advance(5)
    assert [status(routes.asks()) for _ in range(2)] == [0, 429]


def test_a_burst_may_be_larger_and_another_key_may_count() -> None:
    routes = Routes("[{rate_limit: {requests: 1, burst: 3, by: '{header:X-Key}', status: 503}}]")
    key: list[Field] = [(b"X-Key", b"k")]
    assert [status(routes.asks(fields=key)) for _ in range(4)] == [0, 0, 0, 503]
    assert status(routes.asks()) == 0


def test_no_more_keys_are_remembered_than_may_be() -> None:
    routes = Routes("[{rate_limit: {requests: 1, per: 100s, keys: 2}}]")
    for number in range(5):
        assert status(routes.asks(client=f"10.0.0.{number}")) == 0
    assert status(routes.asks(client="10.0.0.4")) == 429
    assert status(routes.asks(client="10.0.0.0")) == 0


def test_who_shares_a_table_counts_together() -> None:
    table = RuleTable(10, 60.0)
    rules = "[{rate_limit: {requests: 2, per: 10s, table: rates}}]"
    one, two = (Routes(rules, tables={"rates": table}) for _ in range(2))
    assert [status(each.asks()) for each in (one, two, one)] == [0, 0, 429]
    assert sent(two.asks()).get(b"retry-after") == b"5"
    assert status(two.asks(client="10.0.0.1")) == 0
    (book,) = one.books
    (other,) = two.books
    assert book.stays(other)
    assert not book.stays(Routes(rules, tables={"rates": RuleTable(10, 60.0)}).books[0])
    with pytest.raises(Misfit, match="no table 'rates' under rule_tables; there: none"):
        Routes(rules)


# ---- passwords ----


def basic(name: str, password: str) -> list[Field]:
    coded = base64.b64encode(f"{name}:{password}".encode())
    return [(b"Authorization", b"Basic " + coded)]


def locked(tmp_path: Path, more: str = "") -> Routes:
    (tmp_path / "pw").write_text("joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
    return Routes(f"[{{basic_auth: {{realm: here, file: pw{more}}}}}]", tmp_path)


def test_who_has_no_password_is_asked_for_it(tmp_path: Path) -> None:
    stage = locked(tmp_path).asks()
    assert status(stage) == 401
    assert sent(stage).get(b"www-authenticate") == b'Basic realm="here", charset="UTF-8"'


@pytest.mark.parametrize("name", ["joe", "ann"])
@pytest.mark.parametrize("password", ["secret", "wrong", ""])
def test_only_the_right_one_passes_each_time(tmp_path: Path, name: str, password: str) -> None:
    routes = locked(tmp_path)
    right = (name, password) == ("joe", "secret")
    for _ in range(2):
        assert status(routes.asks(fields=basic(name, password))) == (0 if right else 401)


@pytest.mark.parametrize("header", [b"Bearer x", b"Basic", b"Basic !!!", b"Basic am9l"])
def test_nonsense_is_no_password(tmp_path: Path, header: bytes) -> None:
    assert status(locked(tmp_path).asks(fields=[(b"Authorization", header)])) == 401


def test_the_server_sees_the_password_only_if_it_may(tmp_path: Path) -> None:
    for more, seen in (("", False), (", forward: true", True)):
        stage = locked(tmp_path, more).asks(fields=basic("joe", "secret"))
        head = stage.ruled.outgoing or stage.exchange.request
        assert head is not None
        assert (b"authorization" in head.headers) is seen


def test_users_may_come_from_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANN", "hush")
    routes = Routes("[{basic_auth: {users: {ann: {env: ANN}}}}]")
    assert status(routes.asks(fields=basic("ann", "hush"))) == 0
    assert status(routes.asks(fields=basic("ann", "loud"))) == 401


def test_what_comes_after_the_password_is_still_done(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
    rules = "[{basic_auth: {file: pw}, respond: 299}, {respond: 298}]"
    stage = Routes(rules, tmp_path).asks(fields=basic("joe", "secret"))
    assert status(stage) == 299
    rules = "[{basic_auth: {file: pw}}, {basic_auth: {file: pw}, pool: other}]"
    stage = Routes(rules, tmp_path).asks(fields=basic("joe", "secret"))
    assert stage.ruled.pool == "other"


# ---- CORS ----

CORS = "[{cors: {origins: ['https://a.example', 'https://*.b.example'], headers: X-Key, \
credentials: true, expose: X-Sum}}]"


def preflight(origin: bytes) -> list[Field]:
    return [(b"Origin", origin), (b"Access-Control-Request-Method", b"PUT")]


def test_a_preflight_is_answered() -> None:
    stage = Routes(CORS).asks("/", "OPTIONS", preflight(b"https://x.b.example"))
    assert status(stage) == 204
    headers = sent(stage)
    assert headers.get(b"access-control-allow-origin") == b"https://x.b.example"
    assert headers.get(b"access-control-allow-credentials") == b"true"
    assert headers.get(b"access-control-allow-methods") == b"GET, HEAD, POST"
    assert headers.get(b"access-control-allow-headers") == b"X-Key"
    assert headers.get(b"access-control-max-age") == b"600"
    assert headers.get(b"vary") == b"Origin"


def test_a_preflight_of_another_origin_is_refused() -> None:
    stage = Routes(CORS).asks("/", "OPTIONS", preflight(b"https://evil.example"))
    assert status(stage) == 403
    assert b"access-control-allow-origin" not in sent(stage)


@pytest.mark.parametrize("fields", [[], [(b"Origin", b"https://a.example")]])
def test_other_options_go_to_the_server(fields: list[Field]) -> None:
    assert status(Routes(CORS).asks("/", "OPTIONS", fields)) == 0


def test_answers_are_marked_for_their_origin() -> None:
    theirs: list[Field] = [(b"Access-Control-Allow-Origin", b"*")]
    headers = answered(Routes(CORS).asks(fields=[(b"Origin", b"https://a.example")]), theirs)
    assert headers.get_all(b"access-control-allow-origin") == [b"https://a.example"]
    assert headers.get(b"access-control-expose-headers") == b"X-Sum"
    headers = answered(Routes(CORS).asks())
    assert b"access-control-allow-origin" not in headers
    assert headers.get(b"vary") == b"Origin"


def test_every_origin_may_be_allowed() -> None:
    headers = answered(Routes("[{cors: {origins: '*'}}]").asks(fields=[(b"Origin", b"https://x")]))
    assert headers.get(b"access-control-allow-origin") == b"*"
    assert b"vary" not in headers
