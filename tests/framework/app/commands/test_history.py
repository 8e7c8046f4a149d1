"""``pointsman history`` and ``undo`` beside a running program."""

from __future__ import annotations

import re
from pathlib import Path

from kit.controlled_site import ControlledSite, controlled_site

SITE = """\
pools:
  web: {health: none, servers: {a: 127.0.0.1:1, b: {address: 127.0.0.1:2, weight: 5}}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""
WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def reloaded(site: ControlledSite, weight: int) -> None:
    text = site.path.read_text()
    site.path.write_text(re.sub(r"weight: \d+", f"weight: {weight}", text))
    site.command("reload", "CONFIG")


def test_what_was_in_force_and_the_way_back(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        reloaded(site, 7)
        told = site.command("undo", "CONFIG")
        assert (
            told.output == "pool web: server b: weight 7 -> 5\nrevision 3 is in force, 1 change\n"
        )
        assert site.path.read_text() == text
        shown = re.sub(WHEN, "WHEN", site.command("history", "CONFIG").output)
        assert shown == (
            "   3  WHEN  undo (files of revision 1), 1 change, in force\n"
            "      pool web: server b: weight 7 -> 5\n"
            "   2  WHEN  command, 1 change\n"
            "      pool web: server b: weight 5 -> 7\n"
            "   1  WHEN  start, 0 changes\n"
        )
        site.command("undo", "CONFIG", "--to", "2")
        assert site.path.read_text() == text.replace("weight: 5", "weight: 7")
        assert site.command("history", "CONFIG", "--show", "1").output == text
        told = site.command("history", "CONFIG", "--show", "9", status=3)
        assert "there is no revision 9; kept are 1 to 4" in told.stderr
        last = site.told("history", "CONFIG")["revisions"][-1]
        assert (last["by"], last["restores"]) == ("undo", 2)
        assert last["files"] == [str(site.path)]


def test_a_file_that_cannot_be_read_any_more_can_be_put_back(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        reloaded(site, 7)
        site.path.write_text(f"{text}broken: [\n")
        told = site.command("undo", "CONFIG", status=3)
        assert f"{site.path} was changed since it was read" in told.stderr
        site.command("undo", "CONFIG", "--force")
        assert site.path.read_text() == text


def test_several_files_are_shown_with_their_names(tmp_path: Path) -> None:
    more = tmp_path / "more.yaml"
    more.write_text("defaults: {limits: {body: 1MiB}}\n")
    with controlled_site(tmp_path, f"include: more.yaml\n{SITE}") as site:
        shown = site.command("history", "CONFIG", "--show", "1").output
        assert shown == (f"# {site.path}\n{site.path.read_text()}\n# {more}\n{more.read_text()}")


def test_a_change_that_waits_is_shown_and_undone(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        site.path.write_text(text.replace("weight: 5", "weight: 7"))
        site.command("reload", "CONFIG", "--confirm", "60s")
        first = site.command("history", "CONFIG").output.splitlines()[0]
        assert first.endswith("command, 1 change, in force until it is confirmed or goes back")
        site.command("undo", "CONFIG")
        assert site.path.read_text() == text
