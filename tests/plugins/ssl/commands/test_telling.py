"""Passwords come from files or stdin, findings go to stderr."""

import io
from pathlib import Path

import pytest

from pointsman_ssl.commands.telling import days_words, fail, password_of, tell
from pointsman_ssl.problems import CertificateError, Finding, Trouble


def test_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2 \r\n")
    assert password_of(str(file)) == "hunter2 "
    assert password_of(None) is None
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin\nmore\n"))
    assert password_of("-") == "from stdin"
    with pytest.raises(CertificateError, match="cannot read the password in"):
        password_of(str(tmp_path / "gone"))


def test_findings_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    tell([Finding(Trouble.EXPIRED, "old", "renew")])
    with pytest.raises(SystemExit) as ended:
        fail(ValueError("no good"))
    assert ended.value.code == 1
    assert capsys.readouterr().err == "warning: old (renew)\nerror: no good\n"


def test_days_in_words() -> None:
    assert days_words(40) == "[green]40 days left[/]"
    assert days_words(3) == "[yellow]3 days left[/]"
    assert days_words(-1) == "[red]expired 0 days ago[/]"
    assert days_words(-4) == "[red]expired 3 days ago[/]"
