"""A section is what it should be, or its plugin is told."""

from typing import Any

import pytest

from pointsman.config.offered import OfferedSection, checked_section
from pointsman.contracts import Section


def test_a_section_is_kept_with_whom_to_blame() -> None:
    settings = dict[str, str]
    found = checked_section("lamps", Section(settings, print, "light"), "mine", "mine 1.0")
    assert found == OfferedSection("lamps", settings, print, "light", "mine", "mine 1.0")


@pytest.mark.parametrize(
    ("name", "section", "told"),
    [
        ("Two words", Section(dict[str, str], print), "is not a name"),
        (7, Section(dict[str, str], print), "is not a name"),
        ("x", "no section", "is not a Section"),
        ("x", Section(dict[str, str], None), "cannot be called"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_section_is_refused(name: Any, section: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        checked_section(name, section, "mine", "mine 1.0")
