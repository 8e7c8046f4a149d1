"""Programs of the system that tests drive: found, or the test is left with a reason."""

import os
import shutil
from typing import Protocol

import pytest


class NeedsProgram(Protocol):
    """Finds a program of the system, or leaves the test."""

    def __call__(self, name: str, *, package: str) -> str:
        """Return the path of the program."""


def path_of_program(name: str, *, package: str) -> str:
    """Find a program; where it is missing, skip the test, or fail it if `CI` is true.

    Args:
        name: the command, such as `nc`.
        package: the Debian package that holds it, such as `netcat-openbsd`.

    Returns:
        The absolute path of the program.
    """
    # Servers live in /usr/sbin, which an ordinary user's PATH often leaves out.
    path = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if path is not None:
        return os.path.abspath(path)
    reason = f"the program {name} is missing; on Debian: apt-get install {package}"
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def needs_program() -> NeedsProgram:
    """Within a test: `wrk = needs_program("wrk", package="wrk")`."""
    return path_of_program


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Above a test: `@pytest.mark.needs_program("wrk", package="wrk")`."""
    for mark in item.iter_markers("needs_program"):
        path_of_program(*mark.args, **mark.kwargs)
