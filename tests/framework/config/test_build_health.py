"""Health checks of a configuration: TLS for them, whose it is, and where they ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kit.offers import registry_of
from pointsman.config.build import build
from pointsman.config.build_health import ProbedAddresses, TlsModes, upstreams_of
from pointsman.config.load import Configuration, load_text
from pointsman.config.registry import Registry
from pointsman.contracts import Misfit, Offer, Settings, Surroundings
from pointsman.hookspecs import hookimpl
from pointsman.model.address import Address


class Inner(Settings):
    depth: int = 1


class ModeSettings(Settings):
    upstream: Inner = Inner()


class Mode:
    """A TLS mode whose upstream side is a word."""

    client = None
    passage = None
    chores = ()
    describes = "mode"
    warnings = ()

    def __init__(self, upstream: Any) -> None:
        self.upstream = upstream

    def take_over(self, old: object) -> None: ...


class TlsOffers:
    def __init__(self) -> None:
        self.made: list[Surroundings] = []

    @hookimpl
    def tls_modes(self) -> Mapping[str, Offer]:
        def make(settings: ModeSettings, around: Surroundings) -> Mode:
            self.made.append(around)
            return Mode(f"depth {settings.upstream.depth}")

        return {
            "outward": Offer(ModeSettings, make),
            "inward": Offer(Settings, lambda *_: Mode("")),
        }


@pytest.fixture
def offers() -> TlsOffers:
    return TlsOffers()


@pytest.fixture
def registry(offers: TlsOffers) -> Registry:
    registry = registry_of()
    registry.register(offers)
    return registry


def test_equal_settings_make_one_mode_whatever_the_pool(
    registry: Registry, offers: TlsOffers
) -> None:
    modes = TlsModes(registry)
    first = modes.maker(Surroundings("a", "tcp"))
    second = modes.maker(Surroundings("b"))
    assert first("outward", {}) is second("outward", {})
    assert str(first("outward", {"upstream": {"depth": 2}}).upstream) == "depth 2"
    assert [(around.pool, around.mode) for around in offers.made] == [("", "http")] * 2


def test_what_is_wrong_is_told_with_its_place(registry: Registry) -> None:
    make = TlsModes(registry).maker(Surroundings("a"))
    with pytest.raises(Misfit, match="no plugin offers the TLS mode 'outwards'") as caught:
        make("outwards", {})
    assert "outward" in caught.value.hint
    with pytest.raises(Misfit, match="depth") as caught:
        make("outward", {"upstream": {"depth": "deep"}})
    assert caught.value.at == ("upstream", "depth")


def loaded(registry: Registry, text: str) -> Configuration:
    return load_text("version: 1\n" + text, "f", registry)


def test_the_first_service_that_puts_tls_on_is_the_one(registry: Registry) -> None:
    configuration = loaded(
        registry,
        """
pools: {web: {servers: {a: h:1}}, other: {servers: {a: h:1}}}
virtual_services:
  plain: {listen: "*:80", pool: web}
  in: {listen: "*:81", pool: web, tls: inward}
  out: {listen: "*:82", pool: web, tls: outward}
  place: {listen: "*:83", tls: outward, pool: {servers: {b: h:2}}}
""",
    )
    modes: dict[str, Any] = {
        "in": Mode(None),
        "out": Mode("for web"),
        "place": Mode("for place"),
    }
    settings = configuration.settings
    found = {pool: str(side) for pool, side in upstreams_of(settings, modes).items()}
    assert found == {"web": "for web", "place": "for place"}


def test_where_servers_are_asked(registry: Registry) -> None:
    configuration = loaded(
        registry,
        "pools: {web: {health: {kind: page, port: 99},"
        " servers: {a: h:1, b: unix:/run/b, c: {endpoint: 'tcp:h:1'}}}}\n",
    )
    section = configuration.settings.pools["web"]
    path = ("pools", "web", "health")
    asked = ProbedAddresses(section.health, section.servers, path, configuration.positions)
    assert asked.found == {"a": Address("h", 99), "b": None, "c": None}
    assert [problem.key for problem in asked.problems] == ["pools.web.health.port"] * 2
    assert ProbedAddresses(None, section.servers, path, configuration.positions).found == {}


def test_agents_are_asked_beside_the_health_check(registry: Registry) -> None:
    configuration = loaded(
        registry,
        "pools: {web: {health: page, agent: {kind: page, path: /load, port: 99},"
        " servers: {a: h:1}}, other: {servers: {a: h:1}}}\n",
    )
    site = build(configuration, registry)
    assert [(plan.pool, plan.asked.place) for plan in site.checks] == [
        ("web", "h:1"),
        ("other", "h:1"),
    ]
    (plan,) = site.agents
    assert (plan.pool, plan.asked.place) == ("web", "h:99")
    assert plan.member is site.pools["web"].members[0]
