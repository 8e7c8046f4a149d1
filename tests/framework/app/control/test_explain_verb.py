"""The verb that explains a request: what it takes, and what it answers."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from twisted.internet.defer import Deferred, fail, succeed

from pointsman.app.asked import AskedError
from pointsman.app.control.explain_verb import explain_verb
from pointsman.app.explaining_live import Explained


class Operating:
    """Explains what it is told to."""

    def __init__(self, answer: Deferred[Any]) -> None:
        self.answer = answer
        self.asked: tuple[Any, ...] = ()

    def explain(self, *asked: Any) -> Deferred[Any]:
        self.asked = asked
        return self.answer


def told(answer: Deferred[Any], **arguments: Any) -> tuple[list[Any], tuple[Any, ...]]:
    operating: Any = Operating(answer)
    came: list[Any] = []
    explain_verb(operating)["explain"](arguments).addBoth(came.append)
    return came, operating.asked


def test_a_request_is_passed_on_and_its_steps_are_answered() -> None:
    answer = succeed(Explained(["one", "two"], {"server": "a"}))
    came, asked = told(answer, method="GET", url="http://a/", headers=["A: b"])
    assert came == [{"steps": ["one", "two"], "choice": {"server": "a"}, "wrong": ""}]
    assert asked == ("GET", "http://a/", ["A: b"], "127.0.0.1", None)


def test_what_is_no_request_is_told() -> None:
    came, _ = told(fail(AskedError("no URL")), method="GET", url="x")
    assert came == [{"steps": [], "choice": None, "wrong": "no URL"}]


def test_other_errors_go_on() -> None:
    (failure,), _ = told(fail(ZeroDivisionError()), method="GET", url="x")
    assert failure.check(ZeroDivisionError)


@pytest.mark.parametrize("arguments", [{}, {"method": "GET"}, {"method": "GET", "url": 3}])
def test_wrong_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        told(succeed([]), **arguments)
