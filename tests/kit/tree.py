"""The source tree as the tree guards see it, read from pyproject.toml."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]


def pyproject() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((TOP / "pyproject.toml").read_text())


def source_roots() -> list[Path]:
    """List the folders that stand on `sys.path` in a checkout, such as `framework`."""
    return [Path(root) for root in pyproject()["tool"]["hatch"]["build"]["dev-mode-dirs"]]


def wheel_folders() -> list[Path]:
    """List what the wheel carries, such as `framework/pointsman`."""
    return [
        Path(folder)
        for folder in pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    ]


def python_files(*folders: str | Path) -> Iterator[Path]:
    """List the Python files under some folders of the project, as paths relative to its top."""
    for folder in folders:
        for path in sorted((TOP / folder).rglob("*.py")):
            yield path.relative_to(TOP)


def source_modules() -> dict[str, Path]:
    """Map the import name of every source module to its file."""
    modules = {}
    for root in source_roots():
        for path in python_files(root):
            parts = path.relative_to(root).with_suffix("").parts
            modules[".".join(part for part in parts if part != "__init__")] = path
    return modules
