"""The site stands where nobody else does, on the article's own places if those are free."""

from __future__ import annotations

import socket
from random import Random

from pointsman.app.demo.lync.places import Places, free_places


def test_all_ports_can_be_moved_and_none_is_there_twice() -> None:
    moved = {port - 10000 for _, port in Places(10000).all}
    assert moved == {port for _, port in Places().all} == {80, 443, 8080, 4443}
    assert len(set(Places().all)) == 12


def test_another_network_has_the_same_last_numbers() -> None:
    places = Places.within("127.70.3", 10000)
    assert (places.pool, places.ext) == ("127.70.3.44", "127.70.3.45")
    assert dict(places.front_ends) == {"fe1": "127.70.3.41", "fe2": "127.70.3.42"}


def test_places_with_one_that_is_taken_are_not_free() -> None:
    places = next(free_places(Random(), private=True))
    assert places.free
    for taken in (places.all[0], places.all[-1]):
        with socket.create_server(taken):
            assert not places.free
    assert places.free


def test_the_articles_own_places_come_first_and_after_them_networks_of_our_own() -> None:
    found = list(free_places(Random(1), private=True))
    assert found
    assert all(places.offset == 10000 for places in found)
    assert not any(places.pool.startswith("127.0.") for places in found)
    best = next(free_places(Random(1)))
    assert best.offset in (0, 10000, 20000)
