"""A choice among what plugins offer, with its options."""

import pytest
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from kit.offers import Offers, registry_of
from pointsman.config.choice import (
    Chosen,
    Reading,
    Scheduling,
    kind_and_options,
)
from pointsman.config.load import load_text
from pointsman.model.errors import ConfigError

READING = Reading(registry_of())


def problems(pool_line: str) -> list[str]:
    text = f"version: 1\npools:\n  p:\n    servers: {{a: h:1}}\n    {pool_line}\n"
    with pytest.raises(ConfigError) as caught:
        load_text(text, "f", registry_of())
    return [str(problem).removeprefix("f:5:") for problem in caught.value.problems]


def test_a_name_alone_takes_all_defaults() -> None:
    chosen: Chosen = TypeAdapter(Scheduling).validate_python("round_robin", context=READING)
    assert (chosen.name, chosen.options.model_dump()) == ("round_robin", {"sticky": False})


def test_a_mapping_brings_options() -> None:
    raw = {"kind": "hash", "header": "host", "most": "1KiB"}
    chosen: Chosen = TypeAdapter(Scheduling).validate_python(raw, context=READING)
    assert chosen.options.model_dump()["most"] == 1024


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scheduling: {sticky: true}", ["5: pools.p.scheduling: a scheduler needs its kind"]),
        ("scheduling: [a]", ["5: pools.p.scheduling: expected the name of a scheduler, or a map"]),
        ("scheduling: {kind: [a]}", ["18: pools.p.scheduling.kind: expected the name of a sched"]),
        (
            "scheduling: none",
            ["17: pools.p.scheduling: no plugin offers the scheduler 'none' (kno"],
        ),
        (
            "scheduling: {kind: hash, seed: 10}",
            [
                "5: pools.p.scheduling.header: this is required but missing",
                "36: pools.p.scheduling.seed: expected at most 9, got 10",
            ],
        ),
        (
            "scheduling: {kind: hash, header: h, inner: {dept: 1}}",
            ["49: pools.p.scheduling.inner.dept: this key is not known here (did you mean `depth`"],
        ),
        (
            "scheduling: {kind: hash, header: h, inners: [{depth: 1}, {depth: 0}]}",
            ["70: pools.p.scheduling.inners[1].depth: expected at least 1, got 0"],
        ),
    ],
)
def test_wrong_choices_are_told_where_they_stand(line: str, expected: list[str]) -> None:
    found = problems(line)
    assert [told[: len(want)] for told, want in zip(found, expected, strict=True)] == expected


def test_unknown_names_list_what_is_known_and_what_could_not_be_loaded() -> None:
    registry = registry_of(Offers())
    with pytest.raises(PydanticCustomError):
        kind_and_options(5, "a scheduler")
    text = "version: 1\npools: {p: {scheduling: round_robbin, servers: {a: h:1}}}"
    with pytest.raises(ConfigError, match="known: broken, hash, round_robin"):
        load_text(text, "f", registry)


def test_validation_wants_to_know_the_registry() -> None:
    with pytest.raises(TypeError, match=r"pointsman\.config\.load"):
        TypeAdapter(Scheduling).validate_python("round_robin")
