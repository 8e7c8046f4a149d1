"""``pointsman check``: every error with its line, warnings, and a summary when all is well."""

import json
from pathlib import Path

from click.testing import CliRunner

from kit.controlled_site import controlled_site
from pointsman.app.cli import main

GOOD = """\
version: 1
pools:
  spare: {servers: {s: "127.0.0.1:9"}}
virtual_services:
  site: {listen: "127.0.0.1:8080", pool: {health: tcp, servers: {a: "127.0.0.1:1"}}}
"""


def written(folder: Path, text: str) -> str:
    path = folder / "site.yaml"
    path.write_text(text)
    return str(path)


def test_all_errors_are_shown_with_the_lines_they_are_in(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("health: tcp", "shceduling: x, heath: y"))
    result = CliRunner().invoke(main, ["check", path])
    assert result.exit_code == 1
    assert result.stdout == ""
    first, *rest = result.stderr.splitlines()
    assert first.startswith(f"{path}:5:")
    assert "error: virtual_services.site.pool.shceduling: this key is not known here" in first
    assert rest[0].startswith("    5 |   site: {listen:")
    assert rest[1].endswith("^")
    assert rest[1].index("^") == rest[0].index("shceduling")
    assert rest[2] == "      = did you mean `scheduling`?"
    assert rest[-1] == "2 errors"


def test_a_configuration_that_is_fine_is_summed_up(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    result = CliRunner().invoke(main, ["check", path])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "site: http on 127.0.0.1:8080 -> pool site, 1 server, checked by tcp",
        f"{path} is fine: 1 virtual service, 2 pools, 1 warning",
    ]
    assert "warning: pools.spare: no virtual service uses this pool" in result.stderr


def test_how_servers_are_checked_is_told_if_nobody_said_so(tmp_path: Path) -> None:
    def told(health: str, port: int) -> str:
        text = GOOD.replace("health: tcp, ", health).replace("127.0.0.1:1", f"127.0.0.1:{port}")
        result = CliRunner().invoke(main, ["check", written(tmp_path, text)])
        return result.stdout.splitlines()[0].partition("1 server, ")[2]

    assert told("", 80) == "checked by http, as none is named: by port 80"
    assert told("", 9) == "checked by tcp, as none is named: that port has none of its own"
    assert told("health: none, ", 80) == "not checked"


def test_both_can_be_had_as_json(tmp_path: Path) -> None:
    fine = CliRunner().invoke(main, ["check", "--json", written(tmp_path, GOOD)])
    assert fine.exit_code == 0
    told = json.loads(fine.stdout)
    assert (told["errors"], len(told["warnings"])) == ([], 1)
    wrong = CliRunner().invoke(main, ["check", "--json", written(tmp_path, "version: 2\n")])
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["errors"][0]["line"] == 1


def test_a_file_that_is_not_there_is_an_error_too(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(tmp_path / "none.yaml")])
    assert result.exit_code == 1
    assert "cannot read it" in result.stderr


def test_servers_inside_a_host_cannot_be_had_from_the_command_line(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace('{a: "127.0.0.1:1"}', "{a: {local: pages}}"))
    result = CliRunner().invoke(main, ["check", path])
    assert result.exit_code == 1
    assert "only a program that embeds pointsman" in result.stderr


def test_what_would_change_by_it_is_asked_of_what_runs(tmp_path: Path) -> None:
    text = """\
pools:
  web: {health: none, servers: {a: 127.0.0.1:1, b: {address: 127.0.0.1:2, weight: 5}}}
virtual_services:
  site: {listen: "127.0.0.1:0", pool: web}
"""
    with controlled_site(tmp_path, text) as site:
        assert site.command("check", "CONFIG", "--diff").output == (
            "against revision 1, nothing has changed\n"
        )
        changed = site.path.read_text().replace("weight: 5", "weight: 7")
        site.path.write_text(changed)
        assert site.command("check", "CONFIG", "--diff").output == (
            "pool web: server b: weight 5 -> 7\nagainst revision 1, 1 change\n"
        )
        assert site.servers()["web/b"]["weight"] == 5
        (place,) = (tmp_path / "state").glob("*.control")
        other = tmp_path / "other.yaml"
        other.write_text(changed.replace("weight: 7", "weight: 9"))
        told = site.told("check", str(other), "--diff", "--control", str(place))
        assert told["changes"] == ["pool web: server b: weight 5 -> 9"]
        site.path.write_text(changed.replace("weight", "wait"))
        assert "wait" in site.command("check", "CONFIG", "--diff", status=1).stderr
        site.command("check", "CONFIG", "--control", str(place), status=2)
