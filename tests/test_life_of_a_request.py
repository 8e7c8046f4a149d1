"""The page about the life of a request names only what exists."""

from __future__ import annotations

import re

import pytest

from kit.tree import TOP

PAGE = (TOP / "docs" / "life-of-a-request.md").read_text(encoding="utf-8")
SOURCES = TOP / "framework" / "pointsman"
CODE = {path: path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py")}


def named_files() -> list[str]:
    return sorted(set(re.findall(r"\b((?:model|core|net|config|app)/[\w/]+\.py)", PAGE)))


def named_things() -> list[str]:
    inline = re.findall(r"`([A-Za-z_][\w.]*)`", PAGE)
    diagram = re.findall(r"\b([A-Z]\w+\.[a-z_]\w*)", PAGE)
    return sorted({name for name in inline + diagram if name[0].isupper() or "_" in name})


def test_the_page_names_enough_to_be_a_guide() -> None:
    assert len(named_files()) >= 10
    assert len(named_things()) >= 20


@pytest.mark.parametrize("name", named_files())
def test_every_file_on_the_page_exists(name: str) -> None:
    assert (SOURCES / name).is_file()


@pytest.mark.parametrize("name", named_things())
def test_every_name_on_the_page_is_in_the_code(name: str) -> None:
    owner, _, member = name.rpartition(".")
    for text in CODE.values():
        if owner:
            body = re.search(rf"^class {owner}\b.*?(?=^class |\Z)", text, re.M | re.S)
            if body and re.search(rf"\b{member}\b", body[0]):
                return
        elif re.search(rf"\b{member}\b", text):
            return
    pytest.fail(f"{name} is on the page and nowhere in the code")
