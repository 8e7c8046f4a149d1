"""`pointsman cert import` writes a clean pair, or nothing."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click.testing

from kit.certificates import Authority, pfx
from pointsman_ssl.commands.importing import import_
from pointsman_ssl.opening import opened, read_files

ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("a.example")


def imported(folder: Path, *options: str, data: bytes) -> click.testing.Result:
    (folder / "in.pfx").write_bytes(data)
    (folder / "in.pfx").chmod(0o600)
    (folder / "middle.cer").write_bytes(MIDDLE.certificate_der)
    (folder / "root.cer").write_bytes(ROOT.certificate_der)
    more = [
        *("--password-file", "-", "--intermediate", str(folder / "middle.cer")),
        *("--intermediate", str(folder / "root.cer"), "--to", str(folder / "out")),
    ]
    given = [str(folder / "in.pfx"), *more, *options]
    return click.testing.CliRunner().invoke(import_, given, input="hunter2\n")


def test_a_pfx_becomes_a_clean_pair(tmp_path: Path) -> None:
    run = imported(tmp_path, "--name", "Pool", data=pfx(LEAF, b"hunter2"))
    assert run.exit_code == 0, run.output
    out = tmp_path / "out"
    assert run.stdout.startswith("certificates:\n  Pool: {pem: ")
    assert run.stderr == ""
    made = opened("x", read_files([out / "Pool.pem", out / "Pool.key"]), [], datetime.now(UTC))
    assert made.identity.chain == (MIDDLE.certificate,)
    assert ROOT.certificate_pem not in (out / "Pool.pem").read_bytes()


def test_nothing_is_written_if_anything_is_wrong(tmp_path: Path) -> None:
    run = imported(tmp_path, "--name", "Pool", data=pfx(LEAF, b"other"))
    assert run.exit_code == 1
    assert "wrong password" in run.stderr
    assert "hunter2" not in run.output
    assert not (tmp_path / "out").exists()
    run = imported(tmp_path, "--name", "../Pool", data=pfx(LEAF, b"hunter2"))
    assert run.exit_code == 1
    assert "cannot be the name of a file" in run.stderr


def test_what_is_there_is_not_written_over_unless_asked(tmp_path: Path) -> None:
    data = pfx(LEAF, b"hunter2")
    assert imported(tmp_path, "--name", "Pool", data=data).exit_code == 0
    run = imported(tmp_path, "--name", "Pool", data=data)
    assert run.exit_code == 1
    assert "is there already; --replace writes over it" in run.stderr
    assert imported(tmp_path, "--name", "Pool", "--replace", data=data).exit_code == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["Pool.key", "Pool.pem"]


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    run = imported(tmp_path, "--name", "Pool", data=pfx(LEAF, b"hunter2"))
    assert run.exit_code != 0
    assert "is a file" in run.stderr
