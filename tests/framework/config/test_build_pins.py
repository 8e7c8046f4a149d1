"""Persistences of a pool are made with their tables, in their order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.arrivals import visit
from kit.offers import DictTable, Offers, Pins, PinSettings, registry_of
from pointsman.app.loading import registry_with
from pointsman.config.build import Site, build, draft
from pointsman.config.draft import Draft
from pointsman.config.load import load, load_text
from pointsman.config.steps import at_once
from pointsman.contracts import Misfit, Offer, Settings, Surroundings
from pointsman.hookspecs import hookimpl
from pointsman.model.errors import ConfigError


class Seen(Settings):
    name: str = ""


class More:
    """Notes where persistences and tables are made, and refuses what is called bad."""

    def __init__(self) -> None:
        self.seen: list[Surroundings] = []
        self.places: list[Surroundings] = []

    def pins(self, settings: Seen, surroundings: Surroundings) -> Pins:
        self.seen.append(surroundings)
        if settings.name == "bad":
            raise Misfit("too bad", "be good", ["name"])
        assert surroundings.make_table is not None
        return Pins(surroundings.make_table("noted", {"timeout": 60.0}))

    def table(self, settings: PinSettings, surroundings: Surroundings) -> DictTable:
        self.places.append(surroundings)
        return DictTable(settings.timeout, 1)

    @hookimpl
    def persistences(self) -> Mapping[str, Offer]:
        return {"seen": Offer(Seen, self.pins)}

    @hookimpl
    def tables(self) -> Mapping[str, Offer]:
        return {"noted": Offer(PinSettings, self.table)}


def built(persistence: str, mode: str = "http") -> tuple[Site, More]:
    more = More()
    registry = registry_of(Offers(), more)
    text = (
        f"version: 1\npools:\n  p:\n    persistence: {persistence}\n    servers: {{a: h:1}}\n"
        f"virtual_services: {{s: {{listen: '*:80', pool: p, mode: {mode}}}}}\n"
    )
    return build(load_text(text, "f", registry), registry), more


def wrong(persistence: str, mode: str = "http") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        built(persistence, mode)
    return [str(problem) for problem in caught.value.problems]


def test_each_kind_has_a_table_of_its_own_name() -> None:
    site, more = built("{kind: seen, fallback: {kind: seen, fallback: seen}}")
    assert [around.pool for around in more.seen] == ["p"] * 3
    assert [around.pool for around in more.places] == ["p", "p fallback seen", "p fallback seen"]
    assert len(site.tables) == 3
    pinning = site.pools["p"].pinning
    assert pinning is not None
    assert [kind.name for kind in pinning.kinds] == ["seen"] * 3


def test_ignored_paths_and_first_requests() -> None:
    site, _ = built("{kind: seen, ignore: [/static/*], check: first_request}")
    persistence = site.pools["p"].persistence
    assert persistence is not None
    assert persistence.look(visit(target=b"/static/x"), 0.0).note == "this path is ignored"
    first, second = visit(), visit()
    second.memory = first.memory
    persistence.bind(first, "a", 0.0)
    assert persistence.find(second, 0.0) == "a"


def test_in_tcp_mode_there_are_no_requests_to_tell_apart() -> None:
    assert wrong("{kind: seen, check: first_request, ignore: [/a]}", "tcp") == [
        "f:4:38: pools.p.persistence.check: `check` is about requests, and in tcp mode there are "
        "none (remove this key)",
        "f:4:53: pools.p.persistence.ignore: `ignore` is about requests, and in tcp mode there are "
        "none (remove this key)",
    ]


def test_what_a_kind_refuses_is_told_at_its_place_in_the_chain() -> None:
    assert wrong("{kind: seen, fallback: {kind: seen, fallback: {kind: seen, name: bad}}}") == [
        "f:4:83: pools.p.persistence.fallback.fallback.name: too bad (be good)"
    ]


def test_a_kind_without_a_table_has_no_key_for_one() -> None:
    (problem,) = wrong("{kind: seen, fallback: {kind: bare, table: memory}}")
    assert "pools.p.persistence.fallback.table: bare keeps no table (remove this key)" in problem


def test_what_a_table_refuses_is_told_at_the_table() -> None:
    (problem,) = wrong("{kind: seen, fallback: {kind: pins, table: {kind: memory, size: 13}}}")
    assert "pools.p.persistence.fallback.table: 13 brings bad luck" in problem


def test_relative_paths_begin_beside_the_file_of_their_kind(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "pool.yaml").write_text(
        "pools: {p: {persistence: {kind: seen, fallback: seen}, servers: {a: h:1}}}\n"
    )
    (tmp_path / "site.yaml").write_text("version: 1\ninclude: more/pool.yaml\n")
    more = More()
    registry = registry_of(Offers(), more)
    build(load(tmp_path / "site.yaml", registry), registry)
    folders: list[Any] = [around.folder(["secret"]) for around in more.seen]
    folders += [around.folder(["persistence", "table", "path"]) for around in more.places]
    assert [*map(Path, folders)] == [tmp_path / "more"] * 4


@pytest.mark.parametrize("over_limit", ["move_once", "refuse"])
def test_the_pool_knows_what_to_do_with_clients_of_a_full_server(over_limit: str) -> None:
    site, _ = built(f"{{kind: seen, over_limit: {over_limit}}}")
    assert site.pools["p"].settings.over_limit == over_limit


def test_to_wait_there_has_to_be_a_queue() -> None:
    (problem,) = wrong("{kind: seen, over_limit: queue}")
    assert "pools.p.persistence.over_limit: pinned clients cannot wait: the pool has no" in problem
    site, _ = built("{kind: seen, over_limit: queue}\n    queue: {}")
    assert site.pools["p"].settings.over_limit == "queue"


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        # Only how long they live is another thing.
        ("{kind: source_ip, timeout: 1m}", "{kind: source_ip, timeout: 2m}", 1),
        ("{kind: source_ip}", "{kind: source_ip, over_limit: refuse}", 1),
        ("{kind: source_ip}", "{kind: source_ip, table: {kind: memory, size: 9}}", 1),
        ("{kind: source_ip, fallback: host}", "{kind: source_ip, timeout: 2m}", 1),
        (
            "{kind: host, fallback: source_ip}",
            "{kind: host, timeout: 2m, fallback: {kind: source_ip, timeout: 3m}}",
            2,
        ),
        # They are found by something else, or are what they were.
        ("{kind: source_ip}", "{kind: source_ip}", 0),
        ("{kind: source_ip}", "{kind: source_ip, mask_v4: 24, timeout: 2m}", 0),
        ("{kind: source_ip}", "{kind: host}", 0),
        ("{kind: server_cookie, cookie: a}", "{kind: server_cookie, cookie: b}", 0),
        ("{kind: active_cookie}", "{kind: active_cookie, timeout: 2m}", 0),
    ],
)
def test_pins_are_inherited_where_they_are_found_by_the_same(
    before: str, after: str, pairs: int
) -> None:
    registry = registry_with()

    def drafted(persistence: str, previous: Site | None) -> Draft:
        text = (
            f"version: 1\npools:\n  p:\n    persistence: {persistence}\n    servers: {{a: h:1}}\n"
            "virtual_services: {s: {listen: '*:80', pool: p}}\n"
        )
        return at_once(draft(load_text(text, "f", registry), registry, previous))

    site = drafted(before, None).put_to_work()
    made = drafted(after, site)
    assert len(made.inherited) == pairs
    assert [source for source, _ in made.inherited] == [*site.tables][:pairs]
    assert [target for _, target in made.inherited] == [*made.tables][:pairs]
