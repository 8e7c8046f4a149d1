"""The small types refuse what cannot be meant."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pointsman.config import schema_types as types
from pointsman.config.tree import WrittenFloat
from pointsman.model.address import Address


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (types.Name, "FE Pool HTTPS", "FE Pool HTTPS"),
        (types.Name, "Zürich", "Zürich"),
        (types.Token, "X-Id", "X-Id"),
        (types.Seconds, "1m30s", 90.0),
        (types.Seconds, 0, 0.0),
        (types.Seconds, "365d", types.YEAR),
        (types.Count, 0, 0),
        (types.Percent, "0%", 0.0),
        (types.Percent, "25%", 0.25),
        (types.Percent, "100%", 1.0),
        (types.Port, 65535, 65535),
        (types.Weight, 0, 0),
        (types.ServerAddress, "unix:/a", Address(path="/a")),
        (types.ServerAddress, "host.example:80", Address("host.example", 80)),
        (types.ListeningAddress, "*:0", Address("", 0)),
        (types.Listening, "*:80", (Address("", 80),)),
        (types.Listening, ["*:80", "[::1]:81"], (Address("", 80), Address("::1", 81))),
    ],
)
def test_good_values(kind: Any, raw: object, value: object) -> None:
    assert TypeAdapter(kind).validate_python(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (types.Name, ""),
        (types.Name, "a\x07"),
        (types.Name, " a"),
        (types.Name, "a" * 201),
        (types.Name, 5),
        (types.Token, "a b"),
        (types.Token, ""),
        (types.Percent, "101%"),
        (types.Percent, "-1%"),
        (types.Percent, "5"),
        (types.Percent, "1.5%"),
        (types.Percent, 5),
        (types.Seconds, "20"),
        (types.Seconds, 20),
        (types.Seconds, WrittenFloat(20)),
        (types.Seconds, False),
        (types.Seconds, "366d"),
        (types.Count, -1),
        (types.Count, True),
        (types.Count, "1"),
        (types.Port, 0),
        (types.Port, 65536),
        (types.Weight, 65536),
        (types.Switch, "yes"),
        (types.Switch, 1),
        (types.ServerAddress, "*:80"),
        (types.ServerAddress, "h:0"),
        (types.ServerAddress, "h"),
        (types.ServerAddress, 80),
        (types.ListeningAddress, "localhost:80"),
        (types.ListeningAddress, "unix:run"),
        (types.Listening, []),
        (types.Listening, {}),
        (types.NetworkText, "10.0.0.1/8"),
        (types.NetworkText, 10),
    ],
)
def test_bad_values(kind: Any, raw: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(raw)


def test_defaults_are_written_as_a_user_would() -> None:
    assert types.default_duration(1200.0) == "20m"
    assert types.default_size(65536) == "64KiB"
