"""The JSON Schema knows every key, those of plugins included."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kit.offers import registry_of
from pointsman.config.jsonschema import schema


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return schema(registry_of())


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


def branches(made: dict[str, Any], family: str) -> dict[str, dict[str, Any]]:
    _, *found = made["$defs"][family]["anyOf"]
    return {
        branch["properties"]["kind"]["const"]: branch
        for branch in found
        if "kind" in branch["properties"]
    }


def test_it_is_json_of_its_dialect(made: dict[str, Any]) -> None:
    assert json.loads(json.dumps(made)) == made
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    references = [node["$ref"] for node in nodes(made) if isinstance(node.get("$ref"), str)]
    assert len(references) > 10
    assert {ref.removeprefix("#/$defs/") for ref in references} <= set(made["$defs"])


def test_no_placeholder_is_left(made: dict[str, Any]) -> None:
    assert "x-pointsman" not in json.dumps(made)


def test_the_top_level_refuses_what_it_does_not_know(made: dict[str, Any]) -> None:
    assert made["additionalProperties"] is False
    assert made["required"] == ["version"]
    assert made["properties"]["version"]["const"] == 1
    assert {"include", "plugins", "pools", "virtual_services", "access_log"} <= set(
        made["properties"]
    )


def test_a_choice_is_a_name_or_a_kind_with_options(made: dict[str, Any]) -> None:
    assert made["$defs"]["schedulers"]["anyOf"][0]["enum"] == ["round_robin", "hash", "broken"]
    hashing = branches(made, "schedulers")["hash"]
    assert hashing["required"] == ["kind", "header"]
    assert hashing["description"] == "by a header"
    assert hashing["additionalProperties"] is False
    assert set(hashing["properties"]) == {"kind", "header", "seed", "most", "inner", "inners"}


def test_nested_models_of_plugins_are_defined_under_their_name(made: dict[str, Any]) -> None:
    inner = branches(made, "schedulers")["hash"]["properties"]["inner"]
    assert inner["$ref"] == "#/$defs/schedulers.hash.Inner"
    assert "depth" in made["$defs"]["schedulers.hash.Inner"]["properties"]


def test_a_health_check_has_the_common_keys_too(made: dict[str, Any]) -> None:
    kinds = branches(made, "health_checks")
    assert {"kind", "path", "interval", "timeout", "port"} <= set(kinds["page"]["properties"])
    # What a mapping without a kind may mean: it is found out by the port.
    assert kinds["tcp"]["required"] == kinds["page"]["required"] == []
    assert made["$defs"]["health_checks"]["anyOf"][0]["enum"] == ["tcp", "page", "none", "by_port"]


def test_a_persistence_may_name_its_table(made: dict[str, Any]) -> None:
    pins = branches(made, "persistences")["pins"]
    assert pins["properties"]["table"]["$ref"] == "#/$defs/tables"
    assert set(branches(made, "tables")) == {"memory", "other"}


def test_a_persistence_may_fall_back_to_another_or_share_one(made: dict[str, Any]) -> None:
    pins = branches(made, "persistences")["pins"]
    assert pins["properties"]["fallback"]["$ref"] == "#/$defs/persistences"
    assert pins["properties"]["check"]["enum"] == ["every_request", "first_request"]
    shared = made["$defs"]["persistences"]["anyOf"][-1]
    assert shared["required"] == [*shared["properties"]] == ["share_with"]


def test_defaults_are_shown_as_they_are_written(made: dict[str, Any]) -> None:
    assert made["$defs"]["TimeoutsSection"]["properties"]["tunnel"]["default"] == "11m"
    assert made["$defs"]["LimitsSection"]["properties"]["header_bytes"]["default"] == "64KiB"


def test_a_server_may_be_an_address_alone(made: dict[str, Any]) -> None:
    servers = made["$defs"]["PoolSection"]["properties"]["servers"]["additionalProperties"]
    assert {"type": "string"} in servers["anyOf"]
