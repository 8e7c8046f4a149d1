"""`pointsman cert selfsigned` makes a pair for names and addresses."""

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from pointsman_ssl.commands.making import selfsigned
from pointsman_ssl.opening import opened, read_files


def test_a_pair_is_made(tmp_path: Path) -> None:
    given = ["*.web.example", "127.0.0.1", "--to", str(tmp_path), "--days", "5"]
    run = CliRunner().invoke(selfsigned, given)
    assert run.exit_code == 0, run.output
    assert run.stdout.startswith("certificates:\n  wildcard.web.example: {pem: ")
    paths = [tmp_path / f"wildcard.web.example.{end}" for end in ("pem", "key")]
    identity = opened("x", read_files(paths), [], datetime.now(UTC)).identity
    assert identity.dns_names == ("*.web.example",)
    assert identity.days_left(datetime.now(UTC)) == 4
    again = CliRunner().invoke(selfsigned, given)
    assert again.exit_code == 1
    assert "is there already" in again.stderr


def test_what_is_no_name_is_refused(tmp_path: Path) -> None:
    run = CliRunner().invoke(selfsigned, ["a b", "--to", str(tmp_path)])
    assert run.exit_code == 1
    assert "'a b' is neither a host name nor an IP address" in run.stderr
    assert list(tmp_path.iterdir()) == []
