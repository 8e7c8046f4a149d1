"""Rules as they are written: short forms, and what cannot be meant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kit.routes import entries_of
from pointsman_rules.routes.settings import RouteSettings


def test_short_forms_stand_for_long_ones() -> None:
    short, long = entries_of("""
    - {redirect: /a, security_headers: true, location: {from: a, to: b}}
    - {redirect: {to: /a}, security_headers: {}, location: [{from: a, to: b}]}
    """)
    assert short == long
    assert entries_of("[{respond: 404}]") == entries_of("[{respond: {status: 404}}]")
    assert entries_of("[{maintenance: true}]") == entries_of("[{maintenance: {}}]")
    assert entries_of("[{maintenance: false}]") == [RouteSettings()]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("{redirect: /a, respond: 200}", "one rule gives one answer, not redirect and respond"),
        ("{redirect: {to: /, status: 200}}", "301, 302, 303, 307 or 308"),
        ("{respond: {body: a, file: b}}", "not both"),
        ("{rewrite: {regex: a}}", "belong together"),
        ("{set_cookie: {path_from: /a}}", "belong together"),
        ("{basic_auth: {}}", "nobody could log in"),
        ("{cors: {origins: '*', credentials: true}}", "hand every user over"),
        ("{rate_limit: {requests: 0}}", "greater than or equal to 1"),
        ("{basic_auth: {users: {a: secret}}}", "a secret is never written here"),
    ],
)
def test_what_cannot_be_meant_is_refused(rule: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        entries_of(f"[{rule}]")
