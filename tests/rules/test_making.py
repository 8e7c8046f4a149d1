"""From the entries of a service to its books."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.lua_rules import asked, exchange
from pointsman.contracts import Misfit, Surroundings
from pointsman.model.decision import Forward
from pointsman_rules.files import RuleSettings
from pointsman_rules.making import make_books
from pointsman_rules.site import LuaSettings, LuaSite


def made(folder: Path, files: Mapping[str, str], *entries: Any) -> Sequence[Any]:
    for name, text in files.items():
        (folder / name).write_text(text)
    around = Surroundings(
        service="svc",
        sections={"lua": LuaSite(LuaSettings(), {}, {})},
        folder=lambda at: folder,
    )
    return make_books([RuleSettings.model_validate(one) for one in entries], around)


def test_one_book_stands_for_all_files_and_one_for_those_in_the_shadow(tmp_path: Path) -> None:
    files = {name: f"on.request(function() return pool('{name}') end)" for name in "abc"}
    books = made(tmp_path, files, {"file": "a", "shadow": True}, "b", "c")
    assert [None if book is None else book.describes for book in books] == ["a", "b, c", None]
    assert asked(books[0], "request", exchange()) is None
    assert asked(books[1], "request", exchange()) == Forward("b")


def test_what_is_wrong_points_at_its_entry(tmp_path: Path) -> None:
    with pytest.raises(Misfit, match="cannot read") as caught:
        made(tmp_path, {"a": ""}, "a", "b")
    assert caught.value.at == (1, "file")
    with pytest.raises(Misfit, match=r"b:1: ") as caught:
        made(tmp_path, {"a": "", "b": "x = = 1"}, "a", "b")
    assert caught.value.at == (1, "file")
    with pytest.raises(Misfit, match="no such option") as caught:
        made(tmp_path, {"a": "options{}"}, {"file": "a", "options": {"x": 1}})
    assert caught.value.at == (0, "options", "x")
    source = 'options{most = {"number", 1, "x"}, limit = {"number", 1, "x"}}'
    with pytest.raises(Misfit, match="no such option; it has: limit, most"):
        made(tmp_path, {"a": source}, {"file": "a", "options": {"limt": 1}})
