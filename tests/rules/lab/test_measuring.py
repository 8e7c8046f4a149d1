"""What rules cost is measured; how much it is, is for people to judge."""

from pathlib import Path

from pointsman_rules.lab.measuring import measure


def test_events_are_counted_with_their_instructions(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text(
        """on.request(function() for i = 1, 1000 do local x = i end end)
        on.log(function() end)"""
    )
    path = tmp_path / "a.test.yaml"
    path.write_text("rule: a.lua\ncases: [{name: n, steps: [{}]}]")
    costs = {one.event: one for one in measure(path, 50)}
    assert {*costs} == {"request", "log"}
    assert costs["request"].calls == 50
    assert 1000 < costs["request"].instructions < 6000
    assert costs["request"].microseconds >= 0
