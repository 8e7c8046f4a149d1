"""Services that tell why requests went where they went."""

import pytest

from kit.offers import registry_of
from pointsman.config.build import Site, build
from pointsman.config.load import load_text
from pointsman.core.explaining_rules import ExplainingRules
from pointsman.model.errors import ConfigError

SITE = """\
version: 1
pools: {p: {scheduling: {kind: hash, header: x}, servers: {a: h:1}}}
virtual_services:
  told: {listen: "*:80", pool: p, explain: EXPLAIN}
  plain: {listen: "*:81", pool: p}
"""


def test_only_who_wants_it_pays_for_it() -> None:
    registry = registry_of()
    site = build(load_text(SITE.replace("EXPLAIN", "{log: true}"), "f", registry), registry)
    told, plain = site.services
    assert told.rules is not None
    assert isinstance(told.rules.books[0], ExplainingRules)
    assert plain.rules is None
    assert site.pools["p"].scheduling == "hash"


def test_on_reload_who_tells_stays_unless_something_else_is_to_be_told() -> None:
    registry = registry_of()

    def built(explain: str, previous: Site | None = None) -> Site:
        text = SITE.replace("explain: EXPLAIN", explain)
        return build(load_text(text, "f", registry), registry, previous)

    site = built("explain: {log: true}")
    told, _ = site.services
    before = told.rules
    site = built("explain: {log: true}, timeouts: {idle: 7s}", site)
    assert told is site.services[0]
    assert before is not None
    assert told.rules is not None
    assert told.rules.books[0] is before.books[0]
    site = built("explain: {networks: [10.0.0.0/8]}", site)
    assert told.rules.books != before.books
    assert told.rules.log == ()
    built("enabled: true", site)
    assert told.rules is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the environment variable EXPLAIN_KEY is not set"),
        ("short", "a secret of 5 characters can be guessed (take 16 or more)"),
    ],
)
def test_a_secret_that_is_none(
    value: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXPLAIN_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("EXPLAIN_KEY", value)
    registry = registry_of()
    text = SITE.replace("EXPLAIN}", "{secret: {env: EXPLAIN_KEY}}}")
    with pytest.raises(ConfigError) as caught:
        build(load_text(text, "f", registry), registry)
    (problem,) = caught.value.problems
    assert f"virtual_services.told.explain.secret: {message}" in str(problem)


def test_a_secret_that_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAIN_KEY", "0123456789abcdef")
    registry = registry_of()
    text = SITE.replace("EXPLAIN}", "{secret: {env: EXPLAIN_KEY}}}")
    site = build(load_text(text, "f", registry), registry)
    assert site.services[0].rules is not None
