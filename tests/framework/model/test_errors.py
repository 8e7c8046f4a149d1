"""Errors: each tells its side, its place and what to do."""

import errno

import pytest

from pointsman.model.errors import (
    ClientError,
    ConfigError,
    PluginError,
    PointsmanError,
    Problem,
    UpstreamError,
)

PROBLEM = Problem("a.yaml", 3, 5, "pools.web", "no such thing", "write another")


def test_a_problem_says_where_what_and_what_to_do() -> None:
    assert str(PROBLEM) == "a.yaml:3:5: pools.web: no such thing (write another)"
    assert str(Problem("a.yaml", 0, 0, "", "cannot be read")) == "a.yaml: cannot be read"


def test_a_config_error_carries_every_problem() -> None:
    error = ConfigError([PROBLEM, PROBLEM])
    assert error.problems == (PROBLEM, PROBLEM)
    assert str(error).count("\n") == 1


def test_a_plugin_error_names_the_plugin_and_its_distribution() -> None:
    error = PluginError("p", "d", "broken")
    assert str(error) == "plugin 'p' of d: broken"
    assert (error.plugin, error.distribution) == ("p", "d")


def test_the_sides_of_the_wire() -> None:
    assert ClientError(414, "too long").status == 414
    error = UpstreamError("response", "nonsense")
    assert (error.phase, error.retryable) == ("response", False)
    assert UpstreamError("connect", "refused", retryable=True).retryable


@pytest.mark.parametrize(
    ("number", "ours"),
    [
        (errno.EMFILE, True),
        (errno.ENFILE, True),
        (errno.EADDRNOTAVAIL, True),
        (errno.ECONNREFUSED, False),
        (errno.ETIMEDOUT, False),
        (0, False),
    ],
)
def test_what_this_machine_is_short_of_says_nothing_of_the_server(number: int, ours: bool) -> None:
    assert UpstreamError("connect", "no way", errno=number).is_ours == ours


def test_all_have_one_root() -> None:
    for kind in (ConfigError, PluginError, ClientError, UpstreamError):
        assert issubclass(kind, PointsmanError)
