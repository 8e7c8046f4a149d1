"""What is declared is what there is."""

from kit.lua_rules import ENGINES, lua_book
from pointsman.contracts.rules import RuleEvents
from pointsman_rules.declarations import EVENTS

OWN = {
    "load",
    "unload",
    "health",
    "request_body",
    "request_chunk",
    "response_body",
    "response_chunk",
}


def test_every_event_of_the_framework_is_one_of_rules() -> None:
    # What has no say is for those who explain what happens.
    told = {*RuleEvents.__dataclass_fields__} - {"choosing"}
    assert {e.name for e in EVENTS} - OWN == told


def test_every_event_can_be_registered_for_and_run() -> None:
    source = "\n".join(f"on.{e.name}(function() end)" for e in EVENTS)
    for engine in ENGINES:
        runtime = lua_book(source, engine=engine).generation.runtime
        for event in EVENTS:
            assert runtime.has(event.name)
            assert callable(runtime.fire(event.name)), event.name


def test_every_verb_is_there() -> None:
    verbs = {verb for e in EVENTS for verb in e.verbs} - {"text"}
    lua_book("\n".join(f"assert(type({verb}) == 'function', '{verb}')" for verb in verbs))
