"""``pointsman rules``."""

from pointsman_rules.commands.group import rules


def test_it_has_its_commands() -> None:
    assert {*rules.commands} == {"test", "check", "bench", "types"}
