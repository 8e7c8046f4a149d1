"""The build hook: nothing unless asked for, and then a list that is true."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kit.tree import TOP, pyproject, source_roots


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compile_hook", TOP / "tools/compile_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(hook: ModuleType) -> Any:
    return hook.CompileHook(str(TOP), settings(), None, None, str(TOP / "dist"), "wheel")


def settings() -> dict[str, Any]:
    wheel = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
    table: dict[str, Any] = wheel["hooks"]["custom"]
    return table


@pytest.mark.parametrize("value", [None, "", "0"])
def test_without_the_variable_a_build_needs_no_compiler_and_stays_as_it_was(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv(hook.VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(hook.VARIABLE, value)
    build_data: dict[str, Any] = {}
    built = made(hook)
    built.initialize("standard", build_data)
    built.finalize("standard", build_data, "dist/some.whl")
    assert built.dependencies() == []
    assert build_data == {}


def test_with_it_mypyc_comes_along(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hook.VARIABLE, "1")
    (needed,) = made(hook).dependencies()
    assert needed.startswith("mypy")


def test_an_editable_installation_is_never_compiled(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hook.VARIABLE, "1")
    build_data: dict[str, Any] = {}
    made(hook).initialize("editable", build_data)
    assert build_data == {}


def test_every_pattern_names_modules_of_ours(hook: ModuleType) -> None:
    modules = hook.named(settings()["modules"], TOP / "framework")
    assert "pointsman/core/exchange.py" in modules
    assert not [module for module in modules if module.endswith("__init__.py")]


def test_no_class_is_compiled_without_those_it_is_derived_from(hook: ModuleType) -> None:
    # mypyc fails on some of these, and makes what cannot be imported of others. Protocols are free.
    files = hook.named(settings()["modules"], TOP / "framework")
    names = {file.removesuffix(".py").replace("/", ".") for file in files}
    wrong = [
        f"{made.__module__}.{made.__name__} is derived from {base.__module__}.{base.__name__}"
        for name in names
        for made in vars(importlib.import_module(name)).values()
        if inspect.isclass(made) and made.__module__ == name and not is_protocol(made)
        for base in made.__mro__
        if base.__module__.partition(".")[0] == "pointsman" and not is_protocol(base)
        if base.__module__ not in names
    ]
    assert wrong == []


def is_protocol(kind: type) -> bool:
    return getattr(kind, "_is_protocol", False)


def test_a_pattern_that_names_nothing_is_an_error(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pyproject.toml names pointsman/gone\.py"):
        hook.named(["pointsman/gone.py"], tmp_path)


def test_constants_of_compiled_modules_are_final() -> None:
    # Else each use of one is a look-up by name in compiled code.
    folders = [TOP / root for root in source_roots()]
    loose = [
        f"{path.name}: {target.id}"
        for pattern in settings()["modules"]
        for folder in folders
        for path in folder.glob(pattern)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and re.fullmatch("_?[A-Z][A-Z0-9_]*", target.id)
    ]
    assert loose == []
