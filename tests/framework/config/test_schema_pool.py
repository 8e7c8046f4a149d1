"""The pools section becomes servers, timing and choices."""

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.config.schema_pool import HealthChoice, PoolSection
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming


def pool(yaml: str) -> PoolSection:
    text = f"version: 1\npools: {{p: {yaml}}}\n"
    return load_text(text, "f", registry_of()).settings.pools["p"]


def health(yaml: str) -> HealthChoice | None:
    return pool(f"{{servers: {{a: h:1}}, health: {yaml}}}").health


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


@pytest.mark.parametrize("written", ["none", "{kind: none}", ""])
def test_there_may_be_no_health_check(written: str) -> None:
    assert health(written) is None


def test_the_keys_of_a_health_check_are_told_apart() -> None:
    found = health(
        "{kind: page, path: /up, interval: 5s, timeout: 1s, retries: 3, rise: 2, fall: 4,"
        " interval_down: 1m, jitter: 500ms, port: 99}"
    )
    assert found is not None
    assert found.chosen.options.model_dump() == {"path": "/up"}
    assert found.common.timing() == HealthTiming(5.0, 1.0, 3, 2, 4, 60.0, 0.5)
    assert found.common.port == 99


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("{servers: }", "pools.p.servers: a pool needs at least one server"),
        ("{servers: {a: {weight: 1}}}", "pools.p.servers.a: a server needs one of `address`"),
        ("{servers: {a: {address: h:1, local: x}}}", "pools.p.servers.a.local: `address` and `l"),
        ("{servers: {a: 5}}", "pools.p.servers.a: expected host:port or a mapping with `address`"),
        ("{servers: {a: h:1}, health: {interval: 0}}", "pools.p.health.interval: must be longer"),
        ("{servers: {a: h:1}, health: {timeout: 0}}", "pools.p.health.timeout: must be longer"),
        (
            "{servers: {a: h:1}, health: {timeout: 5s}}",
            "pools.p.health: interval 9s (the default) is shorter than timeout 5s x retries 2",
        ),
        (
            "{servers: {a: h:1}, health: {interval_down: 1s}}",
            "pools.p.health.interval_down: interval_down 1s is shorter than timeout 4s x retries 2",
        ),
        (
            "{servers: {a: h:1}, health: {interval: 3s, retries: 0}}",
            "pools.p.health.interval: interval 3s is shorter than timeout 4s x retries 0 = 4s",
        ),
        (
            "{servers: {a: h:1}, health: {jitter: 9s}}",
            "pools.p.health.jitter: jitter 9s is as long as the interval",
        ),
        (
            "{servers: {a: h:1}, health: {port: 1, address: h:1}}",
            "pools.p.health.port: `port` and `address` exclude each other",
        ),
    ],
)
def test_what_cannot_be_is_told(yaml: str, expected: str) -> None:
    (told,) = wrong(yaml)
    assert told.startswith(expected)


def test_all_mistakes_of_a_health_check_are_told_at_once() -> None:
    found = wrong("{servers: {a: h:1}, health: {kind: pag, port: 0, rise: x}}")
    assert [told.split(":")[0] for told in found] == [
        "pools.p.health.kind",
        "pools.p.health.port",
        "pools.p.health.rise",
    ]
