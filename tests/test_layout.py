"""The rules of the house that no linter knows: where files stand, what they are called."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from kit.tree import TOP, pyproject, python_files, source_modules, source_roots, wheel_folders

LONGEST_FILE = 400  # lines

# Where the tests of a package stand; below it they mirror the package.
TESTS_OF = {
    "framework/pointsman": "tests/framework",
    "plugins/scheduling/pointsman_scheduling": "tests/plugins/scheduling",
    "plugins/persistence/pointsman_persistence": "tests/plugins/persistence",
    "plugins/healthcheck/pointsman_healthcheck": "tests/plugins/healthcheck",
    "plugins/ssl/pointsman_ssl": "tests/plugins/ssl",
    "rules/pointsman_rules": "tests/rules",
}

# Modules that need no test file of their own name, and why.
NO_TEST_OF_ITS_OWN = {
    "__init__": "says what the package is for; a plugin's hooks are tested where they are loaded",
    "__main__": "one call, tested with the command line",
    "contracts": "Protocols without code: mypy proves them, and tests/typing uses them",
    "stream": "Protocols without code: tests/typing and every stream's own test use them",
    "call": "Protocols without code: mypy proves them",
    "hookspecs": "specifications without code: tested where they are called",
}

# A drop-in for twistd is no package of ours: it must merge into Twisted's own folder.
DROP_IN = "twisted"

SAYS_NOTHING = {
    "handler", "manager", "engine", "processor", "component", "helper", "util", "context",
}  # fmt: skip

MAY_IMPORT_THE_REACTOR = {
    "framework/pointsman/app/cli.py",
    "framework/twisted/plugins/pointsman_plugin.py",
}


def source_files() -> list[Path]:
    return list(source_modules().values())


def parsed(path: Path) -> ast.Module:
    return ast.parse((TOP / path).read_text(), str(path))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(parsed(path))


def test_each_source_root_holds_the_one_package_that_the_wheel_carries() -> None:
    carried = wheel_folders()
    for root in source_roots():
        found = {path.name for path in (TOP / root).iterdir() if path.name != "__pycache__"}
        ours = {folder.name for folder in carried if folder.parent == root} - {DROP_IN}
        assert found - {DROP_IN} == ours, root
        assert len(ours) == 1, root


def test_no_source_root_is_a_package_itself() -> None:
    # Otherwise plugins/ssl could stand in for the standard library's ssl.
    roots = source_roots()
    parents = {parent for root in roots for parent in root.parents if parent != Path()}
    drop_in = {TOP / "framework" / DROP_IN, TOP / "framework" / DROP_IN / "plugins"}
    wrong = [
        folder
        for folder in {TOP / path for path in parents.union(roots)} | drop_in
        if (folder / "__init__.py").exists()
    ]
    assert wrong == []


def test_every_package_says_that_it_is_typed() -> None:
    untyped = [
        folder
        for folder in wheel_folders()
        if folder.name != DROP_IN and not (TOP / folder / "py.typed").exists()
    ]
    assert untyped == []


def test_every_tool_knows_every_source_root() -> None:
    roots = {str(root) for root in source_roots()}
    tools = pyproject()["tool"]
    packages = {folder.name for folder in wheel_folders()} - {DROP_IN}
    assert {*tools["ruff"]["src"]} == roots | {"tests"}
    assert {*tools["mypy"]["files"]} >= roots | {"tests"}
    assert {*tools["mypy"]["mypy_path"].split(":")} == roots | {"tests"}
    assert {*tools["importlinter"]["root_packages"]} == packages
    assert {folder for folder in TESTS_OF} == {
        str(f) for f in wheel_folders() if f.name in packages
    }


def test_no_file_is_longer_than_a_reader_can_bear() -> None:
    long = {
        str(path): lines
        for path in python_files("framework", "plugins", "rules", "tests", "bench", "examples")
        if (lines := len((TOP / path).read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def expected_test(source: Path) -> Path:
    """`framework/pointsman/core/pool.py` is tested by `tests/framework/core/test_pool.py`."""
    for package, tests in TESTS_OF.items():
        if source.is_relative_to(package):
            return Path(tests, source.relative_to(package).with_name(f"test_{source.name}"))
    raise AssertionError(f"{source} stands under no package of TESTS_OF")


def test_every_source_file_has_a_test_file_of_its_name() -> None:
    untested = [
        f"{source} wants {expected_test(source)}"
        for source in source_files()
        if DROP_IN not in source.parts
        and source.stem not in NO_TEST_OF_ITS_OWN
        and not (TOP / expected_test(source)).exists()
    ]
    assert untested == []


def test_every_test_file_has_a_source_file_of_its_name() -> None:
    # test_pool.py, or test_pool_limits.py where one file would be too long.
    names = [
        expected_test(source).with_suffix("")
        for source in source_files()
        if DROP_IN not in source.parts
    ]
    orphans = [
        str(test)
        for test in python_files(*TESTS_OF.values())
        if test.name.startswith("test_")
        and not any(
            test.parent == name.parent and f"{test.stem}_".startswith(f"{name.name}_")
            for name in names
        )
    ]
    assert orphans == []


def test_no_test_folder_is_a_package() -> None:
    assert [str(path) for path in python_files("tests") if path.name == "__init__.py"] == []


def words_of(name: str) -> set[str]:
    """Split `HTTPHelpers` or `http_helpers` into {"http", "helper"}."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word.lower().removesuffix("s") for word in words}


def test_words_of_finds_the_words() -> None:
    assert words_of("HTTPHelpers") == words_of("http_helpers") == {"http", "helper"}


def test_no_class_or_module_has_a_name_that_says_nothing() -> None:
    wrong = []
    for path in python_files("framework", "plugins", "rules", "tests", "bench", "examples"):
        classes = [node.name for node in nodes(path) if isinstance(node, ast.ClassDef)]
        for name in [path.stem, *classes]:
            wrong += [f"{path}: {name}" for _ in words_of(name) & SAYS_NOTHING]
    assert wrong == []


def test_the_framework_needs_no_type_checking_blocks() -> None:
    # They hide a circle of imports, which the floors of the framework make impossible.
    wrong = [
        f"{path}:{node.lineno}"
        for path in source_files()
        for node in nodes(path)
        if (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING")
    ]
    assert wrong == []


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {f"{node.module}.{alias.name}" for alias in node.names}
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return set()


def test_only_the_program_itself_imports_the_global_reactor() -> None:
    wrong = [
        str(path)
        for path in source_files()
        if str(path) not in MAY_IMPORT_THE_REACTOR
        and any("twisted.internet.reactor" in imported(node) for node in nodes(path))
    ]
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path in python_files("framework", "plugins", "rules", "tests", "bench", "examples")
        if not ast.get_docstring(parsed(path))
    ]
    assert silent == []
