"""What can be written under ``persistence``: kinds, chains of them, and the keys that all have."""

import re

import pytest
from pydantic import TypeAdapter

from kit.offers import registry_of
from pointsman.config.choice import Reading, TableChoice
from pointsman.config.load import load_text
from pointsman.config.schema_persistence import (
    PersistenceChoice,
    PersistenceSection,
    PersistenceUse,
)
from pointsman.model.errors import ConfigError

READING = Reading(registry_of())


def persistence(raw: object) -> PersistenceUse | None:
    use: PersistenceUse | None = TypeAdapter(PersistenceChoice).validate_python(
        raw, context=READING
    )
    return use


def used(raw: object) -> PersistenceUse:
    use = persistence(raw)
    assert use is not None
    return use


def problems(line: str) -> list[str]:
    text = f"version: 1\npools:\n  p:\n    servers: {{a: h:1}}\n    persistence: {line}\n"
    with pytest.raises(ConfigError) as caught:
        load_text(text, "f", registry_of())
    return [
        re.sub(r"^f:5:\d+: pools\.p\.persistence\.?", "", str(problem))
        for problem in caught.value.problems
    ]


@pytest.mark.parametrize("raw", [None, "none", {"kind": "none"}])
def test_no_persistence_can_be_said_in_words(raw: object) -> None:
    assert persistence(raw) is None


def test_a_name_alone_takes_all_defaults() -> None:
    use = used("pins")
    assert [kind.name for kind in use.kinds] == ["pins"]
    assert use.common == PersistenceSection()


def test_a_table_belongs_to_the_framework_unless_the_plugin_has_its_own() -> None:
    (named,) = used({"kind": "pins", "table": "memory"}).kinds
    (with_options,) = used({"kind": "pins", "table": {"kind": "other", "size": 5}}).kinds
    assert named.table == TableChoice("memory", {})
    assert with_options.table == TableChoice("other", {"size": 5})


def test_the_keys_of_all_kinds_are_no_options_of_one() -> None:
    use = used(
        {"kind": "pins", "timeout": "5s", "check": "first_request", "over_limit": "refuse",
         "ignore": ["/static/*", "*.png"], "share_with": "x"}
    )  # fmt: skip
    assert use.kinds[0].options.model_dump() == {"timeout": 5.0}
    assert (use.common.check, use.common.over_limit) == ("first_request", "refuse")
    assert use.common.share_with == "x"


def test_kinds_can_fall_back_to_others() -> None:
    use = used(
        {"kind": "pins", "fallback": {"kind": "pins", "timeout": "5s", "table": "other",
                                      "fallback": "bare"}}
    )  # fmt: skip
    assert [kind.name for kind in use.kinds] == ["pins", "pins", "bare"]
    assert use.kinds[1].options.model_dump() == {"timeout": 5.0}
    assert use.kinds[1].table == TableChoice("other", {})
    assert len(used({"kind": "pins", "fallback": "none"}).kinds) == 1


def test_all_can_be_taken_from_another_pool() -> None:
    use = used({"share_with": "other"})
    assert (use.kinds, use.common.share_with) == ((), "other")


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["/static/*"], b"/static/a/b.css", True),
        (["/static/*"], b"/static/", True),
        (["/static/*"], b"/static", False),
        (["/static/*"], b"/x/static/a", False),
        (["*.png", "/a"], b"/x/y.png", True),
        (["*.png", "/a"], b"/a", True),
        (["*.png", "/a"], b"/a/", False),
        (["*.png"], b"/x.png/", False),
        (["*.png"], b"/xpng", False),
        (["*.png"], b"/X.PNG", False),
        (["/a*z"], b"/a\xff\nz", True),
        (["*"], b"/", True),
        (["/(.+)[a]?"], b"/(.+)[a]?", True),
    ],
)
def test_paths_that_are_ignored(patterns: list[str], path: bytes, ignored: bool) -> None:
    pattern = used({"kind": "pins", "ignore": patterns}).common.ignored()
    assert pattern is not None
    assert bool(pattern.fullmatch(path)) is ignored


def test_no_paths_are_ignored_by_default() -> None:
    assert PersistenceSection().ignored() is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{kind: pins, table: mem}", ["table: no plugin offers the table 'mem'"]),
        (
            "{kind: pins, table: {kind: memory, siz: 1}, timout: 5s}",
            ["table.siz: this key is not known here (did you mean `siz",
             "timout: this key is not known here (did you mean `timeout"],
        ),
        ("{kind: pins, table: {size: 1}}", ["table: a table needs its kind"]),
        ("{kind: pins, table: 5}", ["table: expected the name"]),
        ("{kind: pin}", ["kind: no plugin offers the persistence 'pin' (did you mean `pins`"]),
        ("{timeout: 5s}", [": a persistence needs its kind"]),
        ("{share_with: x, ignore: [/a]}", [": a persistence needs its kind"]),
        ("{kind: pins, chek: first_request}", ["chek: this key is not known here (did you mean"]),
        ("{kind: pins, check: once}", ["check: expected 'every_request'"]),
        ("{kind: pins, over_limit: wait}", ["over_limit: expected 'move_once', 'queue'"]),
        ("{kind: pins, ignore: [static]}", ["ignore[0]: expected a path like /static/* or *.png"]),
        ("{kind: pins, ignore: ['/a b']}", ["ignore[0]: expected a path like /static/* or *.png"]),
        ("{kind: pins, fallback: 5}", ["fallback: expected the name of a persistence"]),
        ("{kind: pins, fallback: pin}", ["fallback: no plugin offers the persistence 'pin'"]),
        (
            "{kind: pins, timeout: 5, fallback: {kind: pins, timout: 5s, table: mem}}",
            ["timeout: expected a duration with its unit",
             "fallback.timout: this key is not known here",
             "fallback.table: no plugin offers the table 'mem'"],
        ),
        (
            "{kind: pins, fallback: {kind: pins, fallback: {kind: pins, timeout: 5}}}",
            ["fallback.fallback.timeout: expected a duration"],
        ),
        (
            "{kind: pins, fallback: {kind: pins, fallback: {kind: pin}}}",
            ["fallback.fallback.kind: no plugin offers"],
        ),
        (
            "{kind: pins, fallback: {kind: pins, fallback: {kind: pins, fallback: {timeout: 5s}}}}",
            ["fallback.fallback.fallback: a persistence needs its kind"],
        ),
        (
            "{kind: pins, fallback: {kind: pins, ignore: [/a]}}",
            ["fallback.ignore: `ignore` is of the whole chain, not of one kind in it"],
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_where_they_stand(line: str, expected: list[str]) -> None:
    found = sorted(problems(line))
    assert [
        told[: len(want)] for told, want in zip(found, sorted(expected), strict=True)
    ] == sorted(expected)
