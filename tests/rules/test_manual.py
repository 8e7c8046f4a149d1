"""The manual page holds the tables that the declarations make."""

from kit.documents import sections, table
from kit.tree import TOP
from pointsman_rules import manual
from pointsman_rules.limits import Limits

PAGE = TOP / "docs" / "lua.md"


def test_the_reference_is_what_is_declared() -> None:
    _, _, reference = PAGE.read_text().partition("## Reference\n\n")
    assert reference == manual.tables(), "python -m pointsman_rules.manual prints it"


def test_every_limit_is_told_with_its_default() -> None:
    told = {key.strip("`"): default for key, default, *_ in table(sections(PAGE)["Limits"])}
    assert {*told} == {*Limits.model_fields}
    for key, default in told.items():
        value = default.strip("`")
        made = Limits.model_validate({key: int(value) if value.isdigit() else value})
        assert getattr(made, key) == getattr(Limits(), key), key
