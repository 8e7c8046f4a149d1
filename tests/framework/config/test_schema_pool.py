"""The pools section becomes servers, timing and choices."""

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.config.schema_pool import PoolSection
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming


def pool(yaml: str) -> PoolSection:
    text = f"version: 1\npools: {{p: {yaml}}}\n"
    return load_text(text, "f", registry_of()).settings.pools["p"]


def wrong(yaml: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        pool(yaml)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


def test_servers_are_written_short_or_long() -> None:
    found = pool(
        "{servers: {a: 127.0.0.1:80, b: {address: '[::1]:81', weight: 5, max_connections: 9},"
        " c: {endpoint: 'tcp:h:80'}, d: {local: app}, 5: unix:/run/x}}"
    )
    assert [section.server(name) for name, section in found.servers.items()] == [
        RealServer("a", Address("127.0.0.1", 80)),
        RealServer("b", Address("::1", 81), 5, 9),
        RealServer("c", endpoint="tcp:h:80"),
        RealServer("d", local="app"),
        RealServer("5", Address(path="/run/x")),
    ]


def test_a_pool_has_defaults() -> None:
    found = pool("{servers: {a: h:1}}")
    assert found.scheduling.name == "round_robin"
    assert found.persistence is None
    assert found.health is not None
    assert found.health.chosen.name == "tcp"
    assert found.health.common.timing() == HealthTiming()


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("{servers: }", "pools.p.servers: a pool needs at least one server"),
        ("{servers: {a: {weight: 1}}}", "pools.p.servers.a: a server needs one of `address`"),
        ("{servers: {a: {address: h:1, local: x}}}", "pools.p.servers.a.local: `address` and `l"),
        ("{servers: {a: 5}}", "pools.p.servers.a: expected host:port or a mapping with `address`"),
    ],
)
def test_what_cannot_be_is_told(yaml: str, expected: str) -> None:
    (told,) = wrong(yaml)
    assert told.startswith(expected)


@pytest.mark.parametrize("key", ["minimum", "minimum_active", "warn_below"])
def test_more_servers_than_there_are_can_never_work(key: str) -> None:
    with pytest.raises(ConfigError, match="3 of 2 servers can never work"):
        pool(f"{{servers: {{a: 'h:1', b: 'h:2'}}, {key}: 3}}")


def test_how_many_servers_must_work() -> None:
    settings = pool(
        "{servers: {a: {address: 'h:1', priority: 2, critical: true, follow: p/b}, b: 'h:2'},"
        " minimum: 2, minimum_active: 2, warn_below: 2, panic_below: 40%}"
    )
    made = settings.settings()
    assert (made.minimum, made.minimum_active, made.warn_below) == (2, 2, 2)
    assert made.panic_below == 0.4
    server = settings.servers["a"].server("a")
    assert (server.priority, server.critical, server.follow) == (2, True, "p/b")
