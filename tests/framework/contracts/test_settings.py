"""Settings: units are written, secrets are found when they are needed and never shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pointsman.contracts import Duration, Secret, Settings, Size


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


class Some(Settings):
    wait: Duration = 1.5
    most: Size = "4KiB"  # type: ignore[assignment]  # a default is written as in YAML


def test_units_are_written_and_defaults_are_checked_too() -> None:
    assert (Some().wait, Some().most) == (1.5, 4096)
    some = Some.model_validate({"wait": "1m30s", "most": "2MiB"})
    assert (some.wait, some.most) == (90.0, 2 * 1024 * 1024)
    assert Some.model_validate({"wait": 0, "most": 0}).model_dump() == {"wait": 0, "most": 0}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"wait": 20}, "expected a duration with its unit"),
        ({"wait": "20"}, "expected a duration with its unit"),
        ({"wait": False}, "expected a duration with its unit"),
        ({"most": 20}, "expected a size with its unit"),
        ({"most": "20 potatoes"}, "expected a size with its unit"),
        ({"wiat": "1s"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_written_without_unit_or_place_is_refused(
    written: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Some.model_validate(written)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Some().wait = 2.0
