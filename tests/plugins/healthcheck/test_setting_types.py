"""Types that several checks share: lists of one, patterns, passwords."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import ValidationError

from pointsman.contracts import Misfit, Secret, Settings, Surroundings
from pointsman_healthcheck.setting_types import Pattern, one_or_more, revealed


class Sample(Settings):
    many: Annotated[tuple[int, ...], one_or_more(int)] = ()
    pattern: Pattern = ""


def test_one_value_stands_for_a_list_of_one() -> None:
    assert Sample.model_validate({"many": 5}).many == (5,)
    assert Sample.model_validate({"many": [5, 6]}).many == (5, 6)


def test_a_pattern_is_one_or_an_error() -> None:
    assert Sample(pattern="a+").pattern == "a+"
    with pytest.raises(ValidationError, match="not a regular expression: missing \\)"):
        Sample(pattern="(")


def test_a_password_is_read_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sesame\n")
    around = Surroundings(folder=lambda at: tmp_path)
    assert revealed(Secret(file="secret"), around, "password") == "sesame"
    assert revealed(None, around, "password") == ""
    with pytest.raises(Misfit, match="cannot read the secret in nowhere") as caught:
        revealed(Secret(file="nowhere"), around, "password")
    assert caught.value.at == ("password",)
