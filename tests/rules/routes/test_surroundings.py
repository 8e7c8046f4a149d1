"""What rules share: a folder while they are compiled, a room while they work."""

from __future__ import annotations

import time
from pathlib import Path

from kit.routes import Room, Routes
from pointsman.contracts import Surroundings
from pointsman_rules.routes.fields import AddressSource
from pointsman_rules.routes.surroundings import LOOK, Around


def around(folder: Path = Path("/there")) -> Around:
    return Around(Surroundings(service="s", folder=lambda at: folder / str(at[0])))


def test_paths_begin_where_the_rule_is_written() -> None:
    made = around()
    made.place = (3,)
    assert made.path("x.txt") == Path("/there/3/x.txt")


def test_salts_differ_and_are_the_same_again() -> None:
    one, two = around(), around()
    assert one.next_salt() != one.next_salt()
    assert two.next_salt() == b"s/1"


def test_before_it_runs_it_has_the_time_of_the_system_and_no_pools() -> None:
    made = around()
    assert abs(made.wall() - time.time()) < 60
    assert made.clock() > 0
    assert made.pools() == {}


def test_files_are_looked_at_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "3").mkdir()
    file = tmp_path / "3" / "bad.txt"
    file.write_text("10.0.0.1\n")
    made, room = around(tmp_path), Room({})
    made.place = (3,)
    addresses = made.addresses(AddressSource(files=("bad.txt",)))
    made.start(room)
    file.write_text("10.0.0.1\n10.0.0.2\n")
    room.reactor.advance(LOOK)
    assert "10.0.0.2" in addresses
    made.stop()
    made.stop()
    assert room.reactor.getDelayedCalls() == []
    assert made.wall() == room.wall()


def test_cookies_are_kept_at_their_exchange() -> None:
    made, stage = around(), Routes("[{}]").asks()
    assert made.cookies(stage.ruled) == ()
    made.set_cookie(stage.ruled, "a=1")
    made.set_cookie(stage.ruled, "b=2")
    assert made.cookies(stage.ruled) == ("a=1", "b=2")
    assert len({made.token() for _ in range(50)}) == 50
