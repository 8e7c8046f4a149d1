"""``pointsman reload`` beside a running program: what it prints, and its exit statuses."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from kit.controlled_site import controlled_site
from pointsman.app.cli import main

SITE = """\
pools:
  web: {health: none, servers: {a: 127.0.0.1:1, b: {address: 127.0.0.1:2, weight: 5}}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""


def test_what_it_prints(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        told = site.command("reload", "CONFIG")
        assert told.output == "revision 1 is in force, nothing has changed\n"
        site.path.write_text(text.replace("weight: 5", "weight: 7"))
        told = site.command("reload", "CONFIG")
        assert told.output == (
            "pool web: server b: weight 5 -> 7\nrevision 2 is in force, 1 change\n"
        )
        site.path.write_text(text + '  more: {listen: "127.0.0.1:0", pool: web}\n')
        assert site.told("reload", "CONFIG") == {
            "revision": 3,
            "changes": [
                "pool web: server b: weight 7 -> 5",
                "virtual service more added",
            ],
            "warnings": [],
        }


def test_errors_are_told_with_their_place_and_nothing_changes(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        site.path.write_text(text.replace("weight", "wait").replace("listen", "listn"))
        told = site.command("reload", "CONFIG", status=1)
        assert f"{site.path}:4:75: error: pools.web.servers.b.wait: " in told.stderr
        assert f"{site.path}:6:10: error: virtual_services.site.listn: " in told.stderr
        assert "    6 |   site: {listn:" in told.stderr
        assert told.stdout == ""
        site.path.write_text("a: [\n" + text)  # not even to be read
        told = site.command("reload", "CONFIG", status=1)
        assert f"{site.path}:3:10: error: not YAML" in told.stderr
        site.path.write_text(text)
        assert site.told("status", "CONFIG")["revision"] == 1


def test_an_address_that_cannot_be_had_changes_nothing(tmp_path: Path) -> None:
    with (
        controlled_site(tmp_path, SITE) as site,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        text = site.path.read_text()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        site.path.write_text(text + f'  more: {{listen: "{place}", pool: web}}\n')
        told = site.command("reload", "CONFIG", status=3)
        assert f"cannot listen on {place}" in told.stderr
        assert site.told("status", "CONFIG")["revision"] == 1


def test_another_file_is_not_meant(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        other = tmp_path / "other.yaml"
        other.write_text(SITE)
        (place,) = (tmp_path / "state").glob("*.control")
        told = site.command("reload", str(other), "--control", str(place), status=3)
        assert f"not by {other}" in told.stderr


def test_the_socket_moves_with_the_configuration(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        (place,) = (tmp_path / "state").glob("*.control")
        site.path.write_text(f"{text}control: {{socket: here}}\n")
        told = site.command("reload", "CONFIG", status=9)
        assert "give --control" not in told.stderr
        site.command("reload", "CONFIG", "--control", str(place))
        assert (place.exists(), (tmp_path / "here").exists()) == (False, True)
        assert site.told("status", "CONFIG")["revision"] == 2
        site.path.write_text(f"{text}control: {{socket: no/such/here}}\n")
        told = site.command("reload", "CONFIG", "--control", str(tmp_path / "here"), status=3)
        assert "no commands can reach it: cannot listen on" in told.stderr
        site.path.write_text(f"{text}control: {{socket: here}}\n")
        assert site.told("status", "CONFIG")["revision"] == 2


def test_it_stays_when_it_is_confirmed(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        site.path.write_text(text.replace("weight: 5", "weight: 7"))
        told = site.command("reload", "CONFIG", "--confirm", "1h")
        assert told.output == (
            "pool web: server b: weight 5 -> 7\nrevision 2 is in force, 1 change\n"
            f"it goes back in 3600s unless somebody says: pointsman confirm {site.path}\n"
        )
        told = site.command("reload", "CONFIG", status=3)
        assert "revision 2 waits to be confirmed" in told.stderr
        assert site.told("history", "CONFIG")["unconfirmed"] is True
        assert site.command("confirm", "CONFIG").output == "revision 2 stays\n"
        told = site.command("confirm", "CONFIG", status=3)
        assert "nothing waits to be confirmed" in told.stderr
        site.command("reload", "CONFIG")


def test_it_goes_back_when_nobody_confirms(tmp_path: Path) -> None:
    with controlled_site(tmp_path, SITE) as site:
        text = site.path.read_text()
        site.path.write_text(text.replace("weight: 5", "weight: 7"))
        site.command("reload", "CONFIG", "--confirm", "1s")
        site.program.until("revision 3 is in force")
        assert site.path.read_text() == text
        assert site.servers()["web/b"]["weight"] == 5


@pytest.mark.parametrize("wrong", ["60", "0s", "2d", "soon"])
def test_what_is_no_time_to_confirm_is_refused(tmp_path: Path, wrong: str) -> None:
    told = CliRunner().invoke(main, ["reload", str(tmp_path / "x.yaml"), "--confirm", wrong])
    assert told.exit_code == 2
    assert "Invalid value for '--confirm'" in told.output
