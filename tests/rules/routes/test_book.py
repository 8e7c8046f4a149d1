"""The rules of a service together: order, what ends it, what goes on, and their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.recorders import request
from kit.routes import Routes, answered, got, one_book, sent
from kit.rulebooks import PlannedRules
from kit.ruled_stage import RuledStage
from pointsman.contracts import Misfit, Surroundings
from pointsman.model.decision import Forward, Respond
from pointsman_rules.routes.book import make_books
from pointsman_rules.routes.settings import RouteSettings


def test_the_first_answer_and_the_first_pool_count() -> None:
    stage = Routes("[{when: {path: /a}, respond: 201}, {respond: 202}]").asks("/a")
    assert stage.client.said[0] == "head 201"
    stage = Routes("[{pool: other}, {pool: pool}]").asks()
    assert stage.ruled.pool == "other"


def test_changes_add_up_and_an_answer_has_those_before_it() -> None:
    rules = """
    - response_headers: {set: {X-A: '1'}}
    - {respond: 202, response_headers: {set: {X-B: '2'}}}
    - response_headers: {set: {X-C: '3'}}
    """
    headers = sent(Routes(rules).asks())
    assert (headers.get(b"x-a"), headers.get(b"x-b"), headers.get(b"x-c")) == (b"1", b"2", None)


def test_last_ends_the_rules() -> None:
    stage = Routes("[{when: {path: /a}, last: true}, {respond: 404}]").asks("/a")
    assert stage.client.said == []


def test_redirects_and_answers() -> None:
    stage = Routes("[{redirect: {to: 'https://{host}{path}{?query}', status: 301}}]").asks("/a?b")
    assert stage.client.said[0] == "head 301"
    assert sent(stage).get(b"location") == b"https://example.org/a?b"
    rules = "[{respond: {status: 404, body: 'no {path}', headers: {X-A: '{client}'}}}]"
    stage = Routes(rules).asks("/x")
    assert stage.client.body == b"no /x"
    assert sent(stage).get(b"content-type") == b"text/plain; charset=utf-8"
    assert sent(stage).get(b"x-a") == b"192.0.2.1"
    stage = Routes("[{respond: {body: '{}', headers: {Content-Type: a/b}}}]".replace(
        "'{}'", "x")).asks()  # fmt: skip
    assert sent(stage).get_all(b"content-type") == [b"a/b"]


def test_a_body_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"<p>{host}</p>\xff")
    stage = Routes("[{respond: {file: page.html, type: text/html}}]", tmp_path).asks()
    assert stage.client.body == b"<p>{host}</p>\xff"
    with pytest.raises(Misfit, match="No such file") as caught:
        Routes("[{}, {respond: {file: none.html}}]", tmp_path)
    assert caught.value.at == (1,)


def test_maintenance_says_when_to_come_back() -> None:
    stage = Routes("[{maintenance: true}]").asks()
    assert stage.client.said[0] == "head 503"
    assert sent(stage).get(b"retry-after") == b"300"
    assert sent(stage).get(b"cache-control") == b"no-store"


def test_a_server_may_be_named() -> None:
    stage = Routes("[{when: {header: {X-Test: b}}, server: b}]").asks(fields=[(b"X-Test", b"b")])
    assert (stage.ruled.server, stage.ruled.pin) == ("b", "rule")


def test_rules_after_these_may_know_better() -> None:
    books = [*Routes("[{pool: other}]").books, PlannedRules(request=Forward("pool"))]
    stage = RuledStage(*books)
    stage.asks(request())
    assert stage.ruled.pool == "pool"
    books = [*Routes("[{pool: other}]").books, PlannedRules(request=Respond(299))]
    stage = RuledStage(*books)
    stage.asks(request())
    assert stage.client.said[0] == "head 299"
    books = [*Routes("[{pool: other}]").books, PlannedRules(request=None)]
    stage = RuledStage(*books)
    stage.asks(request())
    assert stage.ruled.pool == "other"


def test_groups_of_the_pattern_reach_all_actions() -> None:
    rules = """
    - when: {regex: '^/([a-z]+)/(.*)'}
      rewrite: {path: '/{2}'}
      request_headers: {set: {X-Tenant: '{1}'}}
      response_headers: {set: {X-Path: '{0}'}}
    """
    stage = Routes(rules).asks("/acme/x")
    assert got(stage).target == b"/x"
    assert got(stage).headers.get(b"x-tenant") == b"acme"
    assert answered(stage).get(b"x-path") == b"/acme/x"


def test_rules_between_which_others_stand_are_books_of_their_own() -> None:
    routes = Routes("[{}, {}, {}, {}]", places=[0, 1, 3, 4])
    assert [book.describes for book in routes.books] == ["2 rules in YAML"] * 2
    around = Surroundings(service="s", places=(0, 2, 3))
    made = make_books([RouteSettings()] * 3, around)
    assert [book is not None for book in made] == [True, True, False]


def test_nothing_is_asked_for_that_nobody_wants() -> None:
    assert one_book(Routes("[{pool: other}]")).events.upstream_request is None
    assert one_book(Routes("[{rewrite: {path: /x}}]")).events.upstream_request is not None
    assert one_book(Routes("[{pool: other}]")).events.response is None
    assert one_book(Routes("[{security_headers: true}]")).events.response is not None


def test_tcp_mode_has_no_requests() -> None:
    with pytest.raises(Misfit, match="in tcp mode there are none"):
        make_books([RouteSettings()], Surroundings(mode="tcp"))
