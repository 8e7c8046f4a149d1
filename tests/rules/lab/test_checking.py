"""What can be said of rule files without running them."""

from pathlib import Path

import pytest

from pointsman_rules.files import library_folder
from pointsman_rules.lab.checking import check


def said(folder: Path, source: str) -> list[tuple[int, bool, str]]:
    path = folder / "a.lua"
    path.write_text(source)
    return [(one.line, one.error, one.text) for one in check(path)]


@pytest.mark.parametrize("path", sorted(library_folder().glob("*.lua")), ids=lambda p: p.stem)
def test_nothing_is_wrong_with_the_library(path: Path) -> None:
    assert check(path) == []


def test_syntax_errors_and_what_one_lua_alone_understands(tmp_path: Path) -> None:
    ((line, error, told),) = said(tmp_path, "\nlocal x = = 1")[:1]
    assert (line, error) == (2, True)
    assert "unexpected symbol" in told
    found = said(tmp_path, "local x = 7 // 2")
    assert len(found) == 1
    assert "(luajit)" in found[0][2]


def test_unknown_globals(tmp_path: Path) -> None:
    source = """local a, b = 1, 2
mine = 3
local function f(x, y) for k, v in pairs({c = 1}) do local z = k .. v .. x .. y end end
on.request(function(req, ctx)
  ctx.pool = req.headers.host
  f(a, b) mine = f{d = 1}
  retyr()
end)"""
    assert said(tmp_path, source) == [(7, True, "there is no global 'retyr'")]


def test_patterns(tmp_path: Path) -> None:
    found = said(
        tmp_path,
        """on.request(function(req)
  local a = req.path:match("^/x/(%d+)$")
  local b = req.path:find(".-a.-b", 1, true)
  local c = req.path:gsub(".-a.-b", "")
  local d = string.find(req.path, ".*x.*y.*z")
  local e = req.path:match("[a")
end)""",
    )
    assert [(line, error) for line, error, _ in found] == [(4, False), (5, False), (6, True)]
    assert "text.re" in found[0][2]


def test_what_the_configuration_will_tell_is_no_error(tmp_path: Path) -> None:
    assert said(tmp_path, 'options{k = {"string", required = true}}') == []
    assert said(tmp_path, "local t = tables.mine local l = lists.mine") == []
