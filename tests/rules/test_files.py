"""Rule files and what is said of them."""

import re
from pathlib import Path

import pytest

from kit.documents import sections, table
from kit.tree import TOP
from pointsman_rules.files import (
    LARGEST,
    RuleSettings,
    library_folder,
    read_rule,
    strictest,
)
from pointsman_rules.limits import Limits

PAGE = TOP / "docs" / "rule-library.md"


def test_an_entry_may_be_a_path_alone(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("-- nothing")
    file = read_rule(RuleSettings.model_validate("a.lua"), tmp_path)
    assert (file.name, file.source, file.options, file.status) == ("a.lua", b"-- nothing", "", 0)


def test_options_and_policies_go_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("")
    told = {"file": "a.lua", "options": {"a": [1]}, "on_error": "closed", "shadow": True}
    file = read_rule(RuleSettings.model_validate(told), tmp_path)
    assert (file.options, file.status, file.shadow) == ('{"a": [1]}', 500, True)
    assert read_rule(RuleSettings(file="a.lua", on_error=429), tmp_path).status == 429


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read the rule b\.lua: No such file"):
        read_rule(RuleSettings(file="b.lua"), tmp_path)
    (tmp_path / "big.lua").write_bytes(b"-" * (LARGEST + 1))
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        read_rule(RuleSettings(file="big.lua"), tmp_path)


def test_a_policy_is_one_of_three() -> None:
    for wrong in ("maybe", 200, 600):
        with pytest.raises(ValueError, match="on_error"):
            RuleSettings.model_validate({"file": "a", "on_error": wrong})


def test_the_strictest_limits_count() -> None:
    default = Limits()
    found = strictest(
        default, [None, Limits(instructions=5000, cpu=1.0), Limits(instructions=2000)]
    )
    assert (found.instructions, found.cpu) == (2000, default.cpu)
    assert found.memory == default.memory


def test_the_library_is_told_with_the_options_of_each_rule() -> None:
    told = {row[0].strip("`"): row[2] for row in table(sections(PAGE)["The rule library"])}
    assert {*told} == {path.stem for path in library_folder().glob("*.lua")}
    for name, options in told.items():
        source = (library_folder() / f"{name}.lua").read_text()
        declared = source[source.index("options {") :].partition("\n}\n")[0].partition("\n\n")[0]
        found = re.findall(r"(?:^options \{ |^  )(\w+) = \{", declared, re.MULTILINE)
        assert [one.strip("`") for one in options.split(", ")] == found, name
