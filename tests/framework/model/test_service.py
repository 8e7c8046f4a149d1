"""Settings of a service: defaults that agree with each other."""

from dataclasses import FrozenInstanceError

import pytest

from pointsman.model.address import Address
from pointsman.model.service import Forwarding, HealthTiming, Limits, ServiceSettings


def test_defaults_are_those_of_the_design() -> None:
    timing = HealthTiming()
    assert (timing.interval, timing.timeout, timing.retries) == (9, 4, 2)
    assert (timing.rise, timing.fall) == (1, 1)
    settings = ServiceSettings("a", (Address("", 80),))
    assert settings.mode == "http"
    assert not settings.allow_connect
    assert settings.forwarding.trusted == ()
    assert Forwarding().x_forwarded


def test_limits_do_not_contradict_each_other() -> None:
    limits = Limits()
    assert 0 < limits.request_line < limits.header_bytes


def test_settings_never_change() -> None:
    settings = ServiceSettings("a", ())
    with pytest.raises(FrozenInstanceError):
        settings.mode = "tcp"  # type: ignore[misc]
