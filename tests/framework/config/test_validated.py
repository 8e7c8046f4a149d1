"""Entries are validated one by one, once, and what comes out is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.app.loading import registry_with
from pointsman.config.load import Configuration, load, load_steps
from pointsman.config.registry import Registry
from pointsman.config.steps import at_once
from pointsman.model.errors import ConfigError

SITE = """\
version: 1
pools:
  web: {servers: {a: "127.0.0.1:80"}}
  mail: {servers: {a: "127.0.0.1:25"}}
virtual_services:
  web: {listen: "127.0.0.1:8080", pool: web}
  mail: {listen: "127.0.0.1:8025", pool: mail, mode: tcp}
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_with()


class File:
    def __init__(self, path: Path, registry: Registry) -> None:
        self.path = path
        self.registry = registry
        self.last: Configuration | None = None

    def load(self, text: str) -> Any:
        self.path.write_text(text)
        self.last = at_once(load_steps(self.path, self.registry, {}, self.last))
        anew = load(self.path, self.registry, {})
        assert self.last == anew
        assert self.last.settings.model_fields_set == anew.settings.model_fields_set
        return self.last.settings


@pytest.fixture
def file(tmp_path: Path, registry: Registry) -> File:
    return File(tmp_path / "site.yaml", registry)


def test_what_is_written_as_before_means_the_same_thing(file: File) -> None:
    before = file.load(SITE)
    after = file.load(SITE.replace("8080", "8081"))
    assert after.pools["web"] is before.pools["web"]
    assert after.virtual_services["mail"] is before.virtual_services["mail"]
    assert after.virtual_services["web"].listen[0].port == 8081


def test_a_pool_that_is_gone_is_missed_where_it_is_named(file: File) -> None:
    file.load(SITE)
    file.path.write_text(SITE.replace("  mail: {servers", "  post: {servers"))
    with pytest.raises(ConfigError, match="there is no pool 'mail'"):
        at_once(load_steps(file.path, file.registry, {}, file.last))


def test_what_is_wrong_is_told_as_ever(file: File) -> None:
    file.load(SITE)
    wrong = SITE.replace("mode: tcp", "mode: udp").replace("web: {servers", '" web": {server')
    file.path.write_text(wrong)
    told = []
    for before in (None, file.last):
        with pytest.raises(ConfigError) as raised:
            at_once(load_steps(file.path, file.registry, {}, before))
        told.append(raised.value.problems)
    assert told[0] == told[1]
    assert len(told[0]) == 4


def test_other_plugins_may_mean_something_else(tmp_path: Path) -> None:
    registry = registry_with()
    file = File(tmp_path / "site.yaml", registry)
    before = file.load(SITE)
    registry.register(_Plugin())
    assert file.load(SITE).pools["web"] is not before.pools["web"]


class _Plugin:
    pass
