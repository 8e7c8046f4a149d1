"""The stage of the lab is like the real one."""

from kit.lua_rules import exchange, lab_room
from pointsman.contracts.rules import RuledExchange, RuleRoom
from pointsman_rules.lab.stage import LabExchange, LabRoom


def test_exchanges_and_rooms_are_those_of_the_contract() -> None:
    x: RuledExchange = exchange()
    room: RuleRoom = lab_room("a", "b")
    assert isinstance(x, LabExchange)
    assert isinstance(room, LabRoom)
    assert x.request_id != exchange().request_id


def test_pools_follow_what_rules_do() -> None:
    pool = lab_room("a", "b").pools["web"]
    first = pool.members[0]
    first.set_admin("draining")
    assert [one.name for one in pool.available] == ["b"]
    first.set_admin("enabled")
    first.set_weight(0)
    assert [one.name for one in pool.available] == ["b"]
    assert pool.member("c") is None
