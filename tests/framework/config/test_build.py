"""Settings become pools, services and planned checks; what did not change is taken over."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.built import SITE, built
from kit.offers import Check, DictTable, Offers, Pins, PinSettings, registry_of
from kit.succession import Succession
from pointsman.config.build import build
from pointsman.config.load import load
from pointsman.config.registry import Registry
from pointsman.contracts import Misfit, Offer, Settings, Surroundings
from pointsman.hookspecs import hookimpl
from pointsman.model.address import Address
from pointsman.model.errors import ConfigError
from pointsman.model.server import RealServer
from pointsman.model.service import HealthTiming


def wrong(text: str, registry: Registry | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        built(text, registry)
    return [str(problem) for problem in caught.value.problems]


def pool(lines: str, mode: str = "http") -> str:
    indented = "\n".join(f"    {line}" for line in lines.splitlines())
    return (
        f"version: 1\npools:\n  p:\n    servers: {{a: h:1}}\n{indented}\n"
        f"virtual_services: {{s: {{listen: '*:80', pool: p, mode: {mode}}}}}\n"
    )


def test_a_site_has_services_on_their_pools() -> None:
    site = built(SITE)
    one, two = site.services
    assert (one.name, two.name) == ("one", "two")
    assert one.pool is site.pools["web"]
    assert two.pool is site.pools["two"]
    assert one.settings.timeouts.idle == 5.0
    assert [member.server.weight for member in one.pool.members] == [1000, 7]
    assert two.pool.members[0].server.address == Address(path="/run/c")


def test_every_member_of_a_checked_pool_has_a_plan() -> None:
    plans = built(SITE).checks
    assert [(plan.pool, plan.member.name, plan.address) for plan in plans] == [
        ("web", "a", Address("127.0.0.1", 99)),
        ("web", "b", Address("127.0.0.2", 99)),
    ]
    assert plans[0].timing == HealthTiming(interval=20.0)
    assert isinstance(plans[0].check, Check)
    assert plans[0].check is plans[1].check


def test_a_probe_may_ask_elsewhere_or_at_the_server_itself() -> None:
    (elsewhere,) = built(pool("health: {address: 'h:9'}")).checks
    (itself,) = built(pool("health: tcp")).checks
    assert elsewhere.address == Address("h", 9)
    assert itself.address is None


def test_a_table_is_made_as_the_persistence_asks_and_the_file_says() -> None:
    site = built(pool("persistence: {kind: pins, timeout: 5s, table: {kind: other, size: 9}}"))
    (table,) = site.tables
    assert isinstance(table, DictTable)
    assert (table.timeout, table.size) == (5.0, 9)
    persistence = site.pools["p"].persistence
    assert persistence is not None
    assert persistence.table is table


def test_the_event_hooks_are_told() -> None:
    heard: list[tuple[Any, ...]] = []

    class Ears:
        @hookimpl
        def exchange_finished(self, record: Any) -> None:
            heard.append(("finished", record))

        @hookimpl
        def client_connected(self, service: str) -> None:
            heard.append(("connected", service))

        @hookimpl
        def pin_made(self, pool: str, server: str) -> None:
            heard.append(("pin", pool, server))

    site = built(SITE, registry_of(Offers(), Ears()))
    for finished in site.services[0].finished:
        finished("record")  # type: ignore[arg-type]
    for connected in site.services[0].connected:
        connected("one", None)  # type: ignore[arg-type]
    for made in site.pools["web"].pin_made:
        made("web", "a", "10.0.0.1")
    assert heard == [("finished", "record"), ("connected", "one"), ("pin", "web", "a")]


# ---- what cannot be made ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            pool("scheduling: {kind: hash, header: h}", "tcp"),
            "f:5:5: pools.p.scheduling: there are no headers in tcp mode",
        ),
        (
            pool("scheduling: broken"),
            "f:5:17: pools.p.scheduling: plugin 'Offers' of kit.offers.Offers "
            "failed to make broken: KeyError: 'oh'",
        ),
        (
            pool("persistence: {kind: pins, table: {kind: memory, size: 13}}"),
            "f:5:31: pools.p.persistence.table: 13 brings bad luck",
        ),
        (
            pool("persistence: {kind: bare, table: memory}"),
            "f:5:38: pools.p.persistence.table: bare keeps no table (remove this key)",
        ),
        (
            SITE.replace("127.0.0.1:1", "unix:/a"),
            "f:6:58: pools.web.health.port: "
            "server 'a' is not reached by host and port (give `address` instead)",
        ),
    ],
)
def test_what_a_maker_refuses_is_told_at_its_place(text: str, expected: str) -> None:
    assert wrong(text) == [expected]


def test_a_scheduler_that_lacks_a_method_is_told_before_anything_asks_for_it() -> None:
    class Half:
        wants_first_byte = False

        def pick(self, arrival: Any, candidates: Any) -> Any:
            return candidates[0]

    class Plugin:
        @hookimpl
        def schedulers(self) -> Mapping[str, Offer]:
            return {"half": Offer(Settings, lambda settings, surroundings: Half())}

    (told,) = wrong(pool("scheduling: half"), registry_of(Offers(), Plugin()))
    assert "f:5:17: pools.p.scheduling: plugin 'Plugin' of " in told
    assert told.endswith("failed to make half: AttributeError: Half has no keep, first_byte")


def test_all_refusals_are_told_at_once_and_tables_are_closed() -> None:
    made: list[DictTable] = []

    class Registering(Offers):
        @hookimpl
        def tables(self) -> Any:
            offers = {**super().tables()}
            make = offers["memory"].make

            def remembered(settings: Settings, surroundings: Surroundings) -> Any:
                made.append(make(settings, surroundings))
                return made[-1]

            return {**offers, "memory": offers["memory"]._replace(make=remembered)}

    text = pool("persistence: pins\nscheduling: broken\nhealth: {port: 5}").replace(
        "{a: h:1}", "{a: {local: x}}"
    )
    assert [told.split(": ")[0] for told in wrong(text, registry_of(Registering()))] == [
        "f:6:17",
        "f:7:20",
    ]
    assert [table.closed for table in made] == [True]


class Undecided(Offers):
    """A persistence that takes whatever table there is, and two tables."""

    @hookimpl
    def persistences(self) -> Any:
        def make(settings: PinSettings, surroundings: Surroundings) -> Pins:
            assert surroundings.make_table is not None
            return Pins(surroundings.make_table("", {"timeout": settings.timeout}))

        return {**super().persistences(), "pins": Offer(PinSettings, make)}

    @hookimpl
    def tables(self) -> Any:
        offers = super().tables()

        def make(settings: Settings, surroundings: Surroundings) -> DictTable:
            return DictTable(1.0, len(str(surroundings.state_dir)))

        return {**offers, "lmdb": Offer(offers["memory"].settings, make)}


def test_a_persistence_that_names_no_table_has_the_default_one() -> None:
    registry = registry_of(Undecided())
    (table,) = built(pool("persistence: pins"), registry).tables
    assert isinstance(table, DictTable)
    assert (table.timeout, table.size) == (60.0, 100)
    (table,) = built("state_dir: /var/lib\n" + pool("persistence: pins"), registry).tables
    assert isinstance(table, DictTable)
    assert (table.timeout, table.size) == (1.0, len("/var/lib"))


def test_another_state_dir_means_other_tables() -> None:
    registry = registry_of(Undecided())
    before = built(SITE, registry)
    elsewhere = "state_dir: /var/lib\n" + SITE
    there = built(elsewhere, registry, before)
    assert there.pools["web"].persistence is not before.pools["web"].persistence
    again = built(elsewhere, registry, there)
    assert again.pools["web"].persistence is there.pools["web"].persistence


def test_a_table_tells_which_of_its_keys_is_at_fault_and_what_to_do() -> None:
    class Picky(Offers):
        @hookimpl
        def tables(self) -> Any:
            offers = super().tables()

            def make(settings: Settings, surroundings: Surroundings) -> DictTable:
                raise Misfit("no room for so many", "take fewer", ["size"])

            return {**offers, "memory": Offer(offers["memory"].settings, make)}

    text = pool("persistence: {kind: pins, table: {kind: memory, size: 9}}")
    assert wrong(text, registry_of(Picky())) == [
        "f:5:59: pools.p.persistence.table.size: no room for so many (take fewer)"
    ]


def test_a_table_that_nobody_offers_is_told_where_it_is_wanted() -> None:
    class NoTables(Offers):
        def tables(self) -> Any:
            return {}

    assert wrong(pool("persistence: pins"), registry_of(NoTables())) == [
        "f:5:18: pools.p.persistence: no plugin offers the table 'memory'; known: none"
    ]


def test_a_pool_of_both_modes_is_held_to_the_narrower_one() -> None:
    text = pool("scheduling: {kind: hash, header: h}").replace(
        "virtual_services: {", "virtual_services: {t: {listen: '*:9', pool: p, mode: tcp}, "
    )
    assert "tcp mode" in wrong(text)[0]


def test_makers_are_told_where_their_relative_paths_begin(tmp_path: Path) -> None:
    registry = registry_of(Offers(), Succession())
    (tmp_path / "sub").mkdir()
    service = "{one: {listen: '*:80', tls: succeeding, pool: {servers: {a: 'h:1'}}}}"
    (tmp_path / "sub" / "one.yaml").write_text(f"virtual_services: {service}\n")
    (tmp_path / "site.yaml").write_text("version: 1\ninclude: sub/*.yaml\n")
    site = build(load(tmp_path / "site.yaml", registry, {}), registry)
    mode: Any = site.services[0].tls
    assert mode.around.folder(("key",)) == tmp_path / "sub"
    assert Surroundings().folder(()) == Path()


class Told(Pins):
    """A persistence that says something at load, and notes whom it is told of."""

    warnings = ("this is hardly meant",)

    def keep(self, servers: Sequence[RealServer]) -> None:
        self.kept = [server.name for server in servers]


def told(settings: Settings, surroundings: Surroundings) -> Told:
    return Told(None)


class OffersTold:
    @hookimpl
    def persistences(self) -> Mapping[str, Offer]:
        return {"told": Offer(Settings, told)}


def test_a_persistence_is_told_the_members_and_its_warnings_have_a_place() -> None:
    registry = registry_of(Offers(), OffersTold())
    site = built(pool("persistence: {kind: told}"), registry)
    first = site.pools["p"].persistence
    assert isinstance(first, Told)
    assert first.kept == ["a"]
    (warning,) = site.warnings
    assert str(warning) == "f:5:5: pools.p.persistence: this is hardly meant"
    more = pool("persistence: {kind: told}").replace("{a: h:1}", "{b: h:1, a: h:1}")
    again = built(more, registry, site)
    assert again.pools["p"].persistence is first
    assert first.kept == ["b", "a"]
    assert len(again.warnings) == 1
