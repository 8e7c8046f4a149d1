"""A missing program skips a test on a laptop and fails it in CI."""

import os

import pytest

from kit.programs import NeedsProgram

MISSING = "no-such-program-anywhere"


def test_a_program_that_is_there_is_given_as_a_path(needs_program: NeedsProgram) -> None:
    path = needs_program("sh", package="dash")
    assert os.path.isabs(path)
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("ci", ["", "false"])
def test_a_missing_program_skips_and_names_its_package(
    ci: str, needs_program: NeedsProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match=f"{MISSING} is missing.*install the-package"):
        needs_program(MISSING, package="the-package")


@pytest.mark.parametrize("ci", ["true", "1"])
def test_a_missing_program_fails_in_ci(
    ci: str, needs_program: NeedsProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match="install the-package"):
        needs_program(MISSING, package="the-package")


@pytest.mark.needs_program("sh", package="dash")
def test_the_mark_lets_a_test_run_whose_program_is_there() -> None:
    assert os.access("/bin/sh", os.X_OK)
