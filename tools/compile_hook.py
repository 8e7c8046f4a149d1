"""Compiles the modules that every request passes, while a wheel is built with POINTSMAN_COMPILE=1.

A build hook of hatchling. Without that variable it does nothing, and the wheel is pure Python.
Why and what it costs: docs/decisions/0004-compiled-hot-path.md.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "POINTSMAN_COMPILE"
COMPILER = "mypy[mypyc]>=2.4,<3"  # a new major version may compile otherwise


class CompileHook(BuildHookInterface[Any]):
    """Puts extension modules beside the .py files that they were made of."""

    PLUGIN_NAME = "compile"

    def dependencies(self) -> list[str]:
        """Tell what the build needs beside hatchling."""
        return [COMPILER] if wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and add what came of it to the wheel.

        Raises:
            RuntimeError: the modules do not compile.
            ValueError: there is no such module.
        """
        # An editable installation runs the sources, and they change.
        if not wanted() or version == "editable":
            return
        self._folder = Path(tempfile.mkdtemp(prefix="pointsman-compile-"))
        # As the wheel lays them out: types are found across our source roots, and tracebacks name
        # files as they will lie below site-packages.
        for package in self.build_config.packages:
            source = Path(self.root, package)
            if (source / "__init__.py").exists():
                shutil.copytree(source, self._folder / source.name)
        compile_modules(named(self.config["modules"], self._folder), self._folder)
        for library in self._folder.rglob("*.so"):
            place = library.relative_to(self._folder)
            if place.parts[0] != "build":
                build_data["force_include"][str(library)] = str(place)
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the copies away once the wheel is written."""
        if hasattr(self, "_folder"):
            shutil.rmtree(self._folder)


def wanted() -> bool:
    """Tell whether the compiled wheel was asked for."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def named(patterns: list[str], folder: Path) -> list[str]:
    """List the modules that patterns name, as paths within a folder.

    Raises:
        ValueError: a pattern names none.
    """
    found: list[str] = []
    for pattern in patterns:
        # What only says what a package is for is not worth a library.
        files = [path for path in folder.glob(pattern) if path.name != "__init__.py"]
        if not files:
            raise ValueError(
                f"pyproject.toml names {pattern} to be compiled: there is no such file"
            )
        found += sorted(str(path.relative_to(folder)) for path in files)
    return found


def compile_modules(modules: list[str], folder: Path) -> None:
    """Compile some files of a folder in place, all into one library so that calls among them are C.

    Raises:
        RuntimeError: the compiler is missing, or it found an error.
    """
    # Types are judged by `make lint`; here the libraries that have them need not be installed.
    options = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent"]
    command = [sys.executable, "-m", "mypyc", *options, *modules]
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RuntimeError(
            f"mypyc failed with status {outcome.returncode}; it needs a C compiler and Python's "
            f"headers (Debian: apt-get install gcc libc6-dev python3-dev). It said:\n"
            f"{outcome.stdout[-4000:]}{outcome.stderr[-4000:]}"
        )
