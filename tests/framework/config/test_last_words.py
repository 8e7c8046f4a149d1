"""What services do when no server is left, from the file to the data plane."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.offers import registry_of
from pointsman.config.build import Site, build
from pointsman.config.load import load, load_text
from pointsman.model.errors import ConfigError
from pointsman.model.when_down import CloseConnection, FixedAnswer, SorryPool

SITE = """\
version: 1
pools:
  web: {servers: {a: "127.0.0.1:1"}}
  sorry: {health: none, servers: {s: "127.0.0.1:2"}}
virtual_services:
  one: {listen: "*:80", pool: web, when_down: {pool: sorry}}
  two: {listen: "*:81", pool: web, when_down: close}
  three: {listen: "*:82", pool: web}
"""


def built(text: str) -> Site:
    registry = registry_of()
    return build(load_text(text, "f", registry), registry)


def test_each_service_has_its_own() -> None:
    site = built(SITE)
    one, two, three = site.services
    assert (one.when_down, one.sorry) == (SorryPool("sorry"), site.pools["sorry"])
    assert (two.when_down, two.sorry) == (CloseConnection(), None)
    assert (three.when_down, three.sorry) == (None, None)


def test_a_file_begins_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "sorry.html").write_text("sorry")
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("close", "{file: sorry.html}"))
    registry = registry_of()
    site = build(load(path, registry), registry)
    last = site.services[1].when_down
    assert isinstance(last, FixedAnswer)
    assert last.body == b"sorry"


@pytest.mark.parametrize(
    ("before", "after", "place", "message"),
    [
        ("close", "{file: none.html}", "7:54", "when_down.file: cannot read none.html: No such"),
        ("{pool: sorry}", "{pool: sory}", "6:54", "did you mean `sorry`?"),
        ("close", "never", "7:47", "expected close or a mapping, got 'never'"),
        (
            "pool: web, when_down: close",
            "pool: web, mode: tcp, when_down: {body: x}",
            "7:47",
            "in tcp mode there is no answer that could be sent (give a `pool`, or `close`",
        ),
    ],
)
def test_what_cannot_be(before: str, after: str, place: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(SITE.replace(before, after))
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"f:{place}: virtual_services.")
    assert message in str(problem)


def test_a_sorry_pool_is_held_to_the_mode_of_its_service() -> None:
    text = SITE.replace("when_down: close", "mode: tcp, when_down: {pool: sorry}")
    site = built(text)
    assert site.services[1].sorry is site.pools["sorry"]
    with pytest.raises(ConfigError, match="tcp mode"):
        built(text.replace("health: none", "health: none, scheduling: {kind: hash, header: h}"))
