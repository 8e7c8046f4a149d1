"""Which files a configuration goes by, how they are, and which are others by now."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kit.offers import registry_of
from pointsman.config.load import Configuration, load
from pointsman.config.named_files import changed_since, looked_at, named_files
from pointsman.config.steps import at_once
from pointsman.config.tree import Positions, parse

SITE = """\
version: 1
include: [more/*.yaml, other.yaml]
access_log: {to: {file: access.log}}
defaults: {forwarding: {via: named.txt}}
virtual_services:
  site:
    listen: "127.0.0.1:0"
    pool: {health: none, servers: {a: "127.0.0.1:1"}}
    when_down: {file: sorry.html}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.yaml").write_text("pools:\n  p: {servers: {named.txt: unix:/x}}\n")
    for name in ("access.log", "named.txt", "sorry.html", "unnamed.txt", "more/named.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "other.yaml").write_text("")
    (tmp_path / "site.yaml").write_text(SITE)
    return tmp_path


def loaded(folder: Path) -> Configuration:
    return load(folder / "site.yaml", registry_of(), {})


def test_its_own_and_those_that_its_values_name(folder: Path) -> None:
    found = at_once(named_files(loaded(folder)))
    assert sorted(os.path.relpath(path, folder) for path in found) == [
        "more/a.yaml", "named.txt", "other.yaml", "site.yaml", "sorry.html",
    ]  # fmt: skip
    assert found[0] == str(folder / "site.yaml")


def test_patterns_are_known(folder: Path) -> None:
    assert loaded(folder).patterns == (str(folder / "more/*.yaml"),)


def test_every_change_shows(folder: Path) -> None:
    configuration = loaded(folder)
    paths = at_once(named_files(configuration))

    def look() -> object:
        return at_once(looked_at(paths, configuration.patterns))

    before = look()
    assert look() == before
    (folder / "unnamed.txt").write_text("who cares")
    assert look() == before
    (folder / "more" / "b.yaml").write_text("")
    with_another = look()
    assert with_another != before
    (folder / "sorry.html").unlink()
    without = look()
    assert without != with_another
    (folder / "new").write_text("sorry.html")
    (folder / "new").rename(folder / "sorry.html")
    assert look() not in (before, with_another, without)


def test_what_is_another_by_now(folder: Path) -> None:
    configuration = loaded(folder)
    paths = at_once(named_files(configuration))

    def changed(read_at: float, now: float) -> set[str]:
        return at_once(changed_since(configuration, paths, read_at, now))

    for path in paths:
        os.utime(path, (500, 500))
    assert changed(600, 700) == set()
    # Its own are compared, the others go by their times, but for one from the future.
    os.utime(folder / "sorry.html", (650, 650))
    os.utime(folder / "named.txt", (1000, 1000))
    assert changed(600, 700) == {str(folder / "sorry.html")}
    (folder / "site.yaml").write_text(SITE + "# more\n")
    (folder / "more" / "a.yaml").unlink()
    assert changed(660, 700) == {str(folder / "site.yaml"), str(folder / "more" / "a.yaml")}


def test_values_that_are_no_names_do_no_harm(folder: Path) -> None:
    long = "x" * 5000
    path = str(folder / "site.yaml")
    root = parse(f'a: "b\\0c"\nd: {long}\ne: [{long[:300]}, "", sorry.html, 5]\n', path, [])
    configuration = replace(loaded(folder), positions=Positions(root), sources=())
    assert at_once(named_files(configuration)) == [str(folder / "sorry.html")]
