"""Greetings with a code: what is good, and in which words the others are told."""

from pointsman.contracts import HealthCheck, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Talk, line
from pointsman_healthcheck.greeting import GreetingCheck, GreetingSettings, greeted, maker


def hello() -> Talk:
    said = yield from line()
    return Verdict(said == b"hello", "heard it")


def test_a_code_is_good_bad_or_none() -> None:
    good = greeted("X", 220, b"220 hello", (220, 221), b"QUIT")
    assert (good.up, good.reason, good.farewell) == (True, "greets with '220 hello'", b"QUIT")
    bad = greeted("X", 421, b"421 no", (220, 221), b"QUIT")
    assert (bad.up, bad.reason) == (False, "greeting '421 no', expected 220 or 221")
    assert bad.remedy == "a greeting that begins with 220 or 221"
    assert greeted("X", 0, b"SSH-2.0", (220,), b"QUIT").reason == "not X: 'SSH-2.0'"


def test_checks_of_equal_settings_are_equal() -> None:
    make = maker("X", hello)
    check: HealthCheck = make(GreetingSettings(), Surroundings())
    assert check == make(GreetingSettings(), Surroundings())
    assert isinstance(check, GreetingCheck)
    assert (check.describes, check.over(RealServer("a"))) == ("X greeting", None)
    assert isinstance(check.probe(RealServer("a")), Dialogue)
