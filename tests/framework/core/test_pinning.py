"""A persistence that is put together from kinds."""

import re

from kit.arrivals import visit
from kit.offers import DictTable
from kit.pins import Pins
from pointsman.core.pinning import Kind, Pinning, tables_of


def test_one_kind_alone_is_the_whole() -> None:
    pins = Pins()
    assert Pinning([Kind("pins", pins)]).persistence is pins


def test_several_are_asked_in_their_order() -> None:
    first, second, third = Pins(), Pins(), Pins(**{"192.0.2.1": "c"})
    made = Pinning([Kind("one", first), Kind("two", second), Kind("three", third)])
    assert [kind.name for kind in made.kinds] == ["one", "two", "three"]
    assert made.persistence.find(visit(), 0.0) == "c"
    assert first.pins == second.pins == {"192.0.2.1": "c"}


def test_ignored_paths_do_not_decide_for_a_connection() -> None:
    made = Pinning([Kind("pins", Pins())], re.compile(b"/static/.*"), first_request=True)
    first, second = visit(target=b"/static/a"), visit()
    second.memory = first.memory
    assert made.persistence.find(first, 0.0) is None
    assert not made.persistence.bind(first, "a", 0.0)
    assert made.persistence.find(second, 0.0) is None
    assert made.persistence.bind(second, "b", 0.0)
    assert made.persistence.find(second, 0.0) == "b"


def test_each_table_counts_once() -> None:
    one, other, third = Pins(), Pins(), Pins()
    one.table, other.table = DictTable(60.0, 1), DictTable(60.0, 1)
    made = Pinning([Kind("one", one), Kind("other", other), Kind("third", third)])
    again = Pinning([Kind("other", other)])
    assert tables_of([made, None, again]) == (one.table, other.table)
