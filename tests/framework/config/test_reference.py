"""The page of all keys: made of the models, those of plugins included."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import BaseModel, create_model
from ruamel.yaml import YAML

from kit.offers import registry_of
from pointsman.app.loading import registry_with
from pointsman.config.choice import Reading
from pointsman.config.reference import reference
from pointsman.config.reference_words import example_of, flow
from pointsman.config.registry import Registry
from pointsman.config.sections import document_with
from pointsman.contracts import Settings


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_with()


@pytest.fixture(scope="module")
def page(registry: Registry) -> str:
    return reference(registry)


def section(page: str, heading: str) -> str:
    return page.split(f" {heading}\n", 1)[1].split("\n#", 1)[0]


def test_a_key_is_told_with_type_default_example_and_meaning(page: str) -> None:
    assert (
        "| `drain_time` | duration | `5m` | `drain_time: 10m` | pinned clients may come this long"
        " to a server that drains |"
    ) in section(page, "`pools.NAME`")
    assert "| `body` | size | `0` | `body: 10MiB` |" in section(page, "`defaults.limits`")
    assert "| `pool` | text or [mapping](#poolsname) | required |" in page


def test_a_model_that_stands_in_several_places_is_told_once(page: str) -> None:
    assert page.count(" `defaults.timeouts`\n") == 1
    assert "The same at `virtual_services.NAME.timeouts`." in section(page, "`defaults.timeouts`")
    assert page.count(" `tls.upstream`\n") == 1


def test_what_plugins_offer_is_told_with_its_options(page: str) -> None:
    assert "| [`server_cookie`](#persistence-server_cookie) |" in page
    assert "Written `persistence: {kind: server_cookie, cookie: JSESSIONID}`." in page
    assert "| `rdp` | A connection is confirmed |" in page or "| `rdp` | a connection" in page
    assert "Stands at `pools.NAME.health`, `pools.NAME.agent`." in page
    assert "`rules: [{kind: route}]`, where `kind` may be left out." in page
    # What belongs to every kind is told once; what a persistence gives its table is not.
    assert "`interval`" not in section(page, "health `http`")
    assert "`timeout`" not in section(page, "table `memory`")
    # Keys that are known only to be refused are no keys.
    assert "`hsts`" not in section(page, "tls `passthrough`")


def test_every_link_within_leads_to_a_heading(page: str) -> None:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", each).lower().replace(" ", "-") for each in headings]
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(anchors)


# ---- examples are what the models take ----


def models(annotation: Any, found: dict[type[BaseModel], None]) -> None:
    a_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if a_model and annotation not in found:
        found[annotation] = None
        for field in annotation.model_fields.values():
            models(field.annotation, found)
            for each in field.metadata:
                models(getattr(each, "json_schema_input_type", None), found)
    for inner in get_args(annotation):
        models(inner, found)


def every_model(registry: Registry) -> Mapping[type[BaseModel], None]:
    found: dict[type[BaseModel], None] = {}
    models(document_with(registry), found)
    for family in ("schedulers", "persistences", "tables", "health_checks", "tls_modes"):
        for offer in getattr(registry, family).values():
            models(offer.settings, found)
    for offer in registry.rulebooks.values():
        models(offer.settings, found)
    return found


def keys_with_examples(registry: Registry) -> Iterator[tuple[type[BaseModel], str, Any]]:
    for model in every_model(registry):
        made = model.model_json_schema(ref_template="{model}")
        itself = made["$defs"][made["$ref"]] if "$ref" in made else made
        nodes = itself.get("properties", {})
        for key, node in nodes.items():
            example = example_of(node)
            # A default is written with its unit in the page; here it is still a number.
            if example not in (None, node.get("default")) and "not" not in node:
                yield model, key, example


def test_every_example_is_taken(registry: Registry) -> None:
    reading = Reading(registry, frozenset({"web", "api", "mail", "sorry"}), {"PASSWORD": "x"})
    checked = 0
    for model, key, example in keys_with_examples(registry):
        (name,) = (n for n, field in model.model_fields.items() if key in (n, field.alias))
        field = model.model_fields[name]
        # The key alone: what its neighbours must be is the matter of its model.
        alone = create_model("Alone", __base__=Settings, **{name: (field.annotation, field)})  # type: ignore[call-overload]
        read = YAML(typ="safe", pure=True).load(f"key: {flow(example)}")["key"]
        alone.model_validate({key: read}, context=reading)
        checked += 1
    assert checked > 200


def test_plugins_of_others_are_in_it() -> None:
    page = reference(registry_of())
    assert "| `hash`" in page or "[`hash`](#scheduling-hash)" in page
    assert "| `depth` | number from 1 | `1` | `depth: 1` |  |" in page
