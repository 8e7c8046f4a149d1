"""Secrets are found when they are needed, and never shown."""

from pathlib import Path

import pytest

from pointsman.contracts import Secret


def test_a_secret_is_read_when_it_is_needed_and_never_shown(tmp_path: Path) -> None:
    environ = {"PASSWORD": "hunter2"}
    secret = Secret(env="PASSWORD", environ=environ)
    assert secret.reveal(tmp_path) == "hunter2"
    assert "hunter2" not in f"{secret} {secret!r}"
    environ["PASSWORD"] = "other"
    assert secret.reveal(tmp_path) == "other"
    (tmp_path / "pw").write_text("from a file \n")
    assert Secret(file="pw").reveal(tmp_path) == "from a file "
    (tmp_path / "pw").write_bytes(b"windows\r\n")
    assert Secret(file=str(tmp_path / "pw")).reveal(Path()) == "windows"


def test_a_secret_that_is_not_there_says_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="environment variable PASSWORD is not set"):
        Secret(env="PASSWORD").reveal(tmp_path)
    with pytest.raises(ValueError, match="cannot read the secret in pw: No such file"):
        Secret(file="pw").reveal(tmp_path)
    (tmp_path / "pw").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="it is not UTF-8 text"):
        Secret(file="pw").reveal(tmp_path)
