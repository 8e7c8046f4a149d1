"""The health key of a pool: a kind, its options, and the keys that all kinds have."""

import pytest

from kit.offers import registry_of
from pointsman.config.load import load_text
from pointsman.config.schema_health import HealthChoice
from pointsman.model.errors import ConfigError
from pointsman.model.service import HealthTiming


def pool(servers: str, health: str) -> HealthChoice | None:
    text = f"version: 1\npools: {{p: {{servers: {servers}, health: {health}}}}}\n"
    return load_text(text, "f", registry_of()).settings.pools["p"].health


def health(yaml: str) -> HealthChoice | None:
    return pool("{a: h:1}", yaml)


def wrong(yaml: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        health(yaml)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


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
    ("servers", "written", "kind", "why"),
    [
        ("{a: h:80, b: i:80}", "by_port", "page", "by port 80"),
        ("{a: h:80}", "{interval: 20s}", "page", "by port 80"),
        ("{a: h:80}", "{path: /up}", "page", "by port 80"),
        ("{a: h:80}", "{kind: by_port}", "page", "by port 80"),
        ("{a: h:80}", "{port: 81}", "tcp", "that port has none of its own"),
        ("{a: h:81}", "{port: 80}", "page", "by port 80"),
        ("{a: h:81, b: h:82}", "{address: h:80}", "page", "by port 80"),
        ("{a: h:80, b: h:81}", "by_port", "tcp", "its servers have several ports"),
        ("{a: unix:/run/a}", "by_port", "tcp", "that port has none of its own"),
        ("{a: {endpoint: 'tcp:h:80'}}", "by_port", "tcp", "that port has none of its own"),
        ("{a: h:80}", "tcp", "tcp", ""),
        ("{a: h:80}", "{kind: tcp}", "tcp", ""),
    ],
)
def test_a_check_that_is_not_named_follows_from_the_port(
    servers: str, written: str, kind: str, why: str
) -> None:
    found = pool(servers, written)
    assert found is not None
    assert (found.chosen.name, found.by_port) == (kind, why)


def test_it_does_so_without_a_health_key_too() -> None:
    text = "version: 1\npools: {p: {servers: {a: h:80}}}\n"
    found = load_text(text, "f", registry_of()).settings.pools["p"].health
    assert found is not None
    assert (found.chosen.name, found.by_port) == ("page", "by port 80")


def test_an_agent_is_of_the_kind_agent_unless_another_one_is_named() -> None:
    def agent(yaml: str) -> HealthChoice | None:
        text = f"version: 1\npools: {{p: {{servers: {{a: h:80}}, agent: {yaml}}}}}\n"
        return load_text(text, "f", registry_of()).settings.pools["p"].agent

    assert agent("none") is None
    found = agent("{kind: page, port: 9707}")
    assert found is not None
    assert (found.chosen.name, found.by_port) == ("page", "")
    with pytest.raises(ConfigError, match="no plugin offers the health check 'agent'"):
        agent("{port: 9707}")


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("{interval: 0}", "pools.p.health.interval: must be longer"),
        ("{timeout: 0}", "pools.p.health.timeout: must be longer"),
        (
            "{timeout: 5s}",
            "pools.p.health: interval 9s (the default) is shorter than timeout 5s x retries 2",
        ),
        (
            "{interval_down: 1s}",
            "pools.p.health.interval_down: interval_down 1s is shorter than timeout 4s x retries 2",
        ),
        (
            "{interval: 3s, retries: 0}",
            "pools.p.health.interval: interval 3s is shorter than timeout 4s x retries 0 = 4s",
        ),
        (
            "{jitter: 9s}",
            "pools.p.health.jitter: jitter 9s is as long as the interval",
        ),
        (
            "{port: 1, address: h:1}",
            "pools.p.health.port: `port` and `address` exclude each other",
        ),
    ],
)
def test_what_cannot_be_is_told(yaml: str, expected: str) -> None:
    (told,) = wrong(yaml)
    assert told.startswith(expected)


def test_all_mistakes_of_a_health_check_are_told_at_once() -> None:
    found = wrong("{kind: pag, port: 0, rise: x}")
    assert [told.split(":")[0] for told in found] == [
        "pools.p.health.kind",
        "pools.p.health.port",
        "pools.p.health.rise",
    ]
