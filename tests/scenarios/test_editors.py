"""An editor that knows our JSON Schema finds no fault with a configuration that is fine."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from kit.documents import blocks, is_configuration
from kit.tree import TOP
from pointsman.app.loading import registry_with
from pointsman.config.jsonschema import schema

PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
EXAMPLES = sorted(
    path for path in (TOP / "examples").rglob("*.yaml") if path.parent.name != "plugin"
)


@pytest.fixture(scope="module")
def editor() -> Draft202012Validator:
    made = schema(registry_with())
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def shown() -> Iterator[Any]:
    for page in PAGES:
        for number, text in enumerate(blocks(page, "yaml")):
            if is_configuration(text):
                yield pytest.param(text, id=f"{page.name}-{number}")
    for path in EXAMPLES:
        yield pytest.param(path.read_text(), id=path.name)


def faults(editor: Draft202012Validator, text: str) -> list[str]:
    errors = editor.iter_errors(YAML(typ="safe", pure=True).load(text))
    return [f"{[*error.path]}: {error.message}" for error in errors]


@pytest.mark.parametrize("text", [*shown()])
def test_what_is_fine_is_fine_to_an_editor(text: str, editor: Draft202012Validator) -> None:
    assert faults(editor, text) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "shceduling: round_robin",
        "health: {kind: http, paht: /}",
        "scheduling: round_rubin",
        "persistence: {kind: source_ip, table: {kind: memory, timeout: 5m}}",
    ],
)
def test_what_is_wrong_is_marked(wrong: str, editor: Draft202012Validator) -> None:
    text = f"version: 1\npools:\n  web:\n    servers: {{a: 127.0.0.1:81}}\n    {wrong}\n"
    assert faults(editor, text) != []
