"""Several processes at one file of pins, and one that is killed while it writes."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from kit.child_programs import started
from pointsman_persistence.lmdb_file import Txn, opened
from pointsman_persistence.lmdb_pool import PinPool
from pointsman_persistence.lmdb_table import LmdbTable

WORKER = textwrap.dedent("""
    import json, os, random, sys, time
    from pathlib import Path
    from twisted.internet.task import Clock
    from pointsman_persistence.lmdb_table import LmdbTable

    def table_at(folder, reactor, size=2_000_000):
        table = LmdbTable(Path(folder), "web", size, 1200.0)
        table.start(reactor)
        return table

    def wait_for(path):
        limit = time.monotonic() + 60
        while not os.path.exists(path) and time.monotonic() < limit:
            time.sleep(0.001)
""")

# Pins keys that all the others pin as well, each in an order of its own.
RACER = WORKER + textwrap.dedent("""
    folder, name, keys = sys.argv[1], sys.argv[2], int(sys.argv[3])
    reactor = Clock()
    table = table_at(folder, reactor)
    print("ready", flush=True)
    wait_for(folder + "/go")
    order = list(range(keys))
    random.Random(name).shuffle(order)
    for n, key in enumerate(order):
        key = b"%d" % key
        if table.find(key, time.monotonic()) is None:
            table.put_if_absent(key, name, time.monotonic())
        if n % 20 == 0:
            reactor.advance(0)
    reactor.advance(0)
    print("done", flush=True)
    wait_for(folder + "/look")
    seen = [table.peek(b"%d" % key, time.monotonic()).member for key in range(keys)]
    print("seen", json.dumps(seen), flush=True)
    table.close()
""")

# Pins without an end, and says how far it got.
WRITER = WORKER + textwrap.dedent("""
    reactor = Clock()
    table = table_at(sys.argv[1], reactor)
    for n in range(1_000_000_000):
        table.put(n.to_bytes(8, "big"), f"server {n % 4}", time.monotonic())
        if n % 100 == 0:
            reactor.advance(0)
            print(n, flush=True)
""")

MILLION = WORKER + textwrap.dedent("""
    reactor = Clock()
    table = table_at(sys.argv[1], reactor)
    for n in range(1_000_000):
        key = (n * 2654435761 % 2**64).to_bytes(16, "big")
        table.put(key, f"server {n % 4}", time.monotonic())
        if n % 1000 == 999:
            reactor.advance(0)
    print("written", flush=True)
    time.sleep(60)
""")


def test_four_processes_that_race_agree_on_every_pin(tmp_path: Path) -> None:
    keys = 3000
    with ExitStack() as stack:
        racers = [
            stack.enter_context(
                started(sys.executable, "-c", RACER, str(tmp_path), f"worker {n}", str(keys))
            )
            for n in range(4)
        ]
        for racer in racers:
            racer.until("ready")
        (tmp_path / "go").touch()
        for racer in racers:
            racer.until("done")
        (tmp_path / "look").touch()
        views = [json.loads(racer.until(r"seen (.*)\n")[1]) for racer in racers]
        assert [racer.wait() for racer in racers] == [0] * 4
    assert views[0] == views[1] == views[2] == views[3]
    assert len(set(views[0])) == 4, "all of them won somewhere"
    table = LmdbTable(tmp_path, "web", 1_000_000, 1200.0)
    table.start(None)
    assert table.counts() == Counter(views[0])
    table.close()


def test_what_a_killed_writer_has_written_is_there_and_others_go_on(tmp_path: Path) -> None:
    table = LmdbTable(tmp_path, "web", 2_000_000, 1200.0)
    reactor = Clock()
    table.start(reactor)
    for _ in range(3):
        with started(sys.executable, "-c", WRITER, str(tmp_path)) as writer:
            for n in range(3000, 6000, 100):  # we write as well meanwhile
                writer.until(rf"\n{n}\n")
                table.put(os.urandom(8), "mine", time.monotonic())
                reactor.advance(0)
            writer.signal(signal.SIGKILL)
            assert writer.wait() == -signal.SIGKILL
            last = int(re.findall(r"^(\d+)\n", writer.output, re.MULTILINE)[-1])
        found = [table.peek(n.to_bytes(8, "big"), time.monotonic()) for n in range(last + 1)]
        assert [pin and pin.member for pin in found] == [
            f"server {n % 4}" for n in range(last + 1)
        ]  # fmt: skip
        table.put(b"after", "mine", time.monotonic())
        reactor.advance(0)
        assert table.pending == 0
    counts = dict(table.counts())
    table.close()
    whole(tmp_path, counts)


def whole(folder: Path, counts: dict[str, int]) -> None:
    """See that each pin has its place in the order of ages, and that the counts are right."""
    file = opened(folder)
    pool = PinPool(file, "web")
    pins = {pool.stored(key): pin for part in pool.slices(1000) for key, pin in part}
    assert Counter(pin.member for pin in pins.values()) == counts
    with file.env.begin() as txn:
        ages = {stored: second for stored, second in pool._by_age(txn)}
        assert txn.stat(file.ages)["entries"] == len(pins)
    assert ages == {stored: int(pin.used) for stored, pin in pins.items()}
    file.users = 1
    file.release(_Nothing())


class _Nothing:
    pending = 0

    def write(self, txn: Txn) -> Callable[[], None]:
        raise AssertionError("there is nothing to write")


@pytest.mark.slow
def test_a_million_pins_survive_a_kill(tmp_path: Path) -> None:
    with started(sys.executable, "-c", MILLION, str(tmp_path)) as writer:
        writer.until("written", 240.0)
        writer.signal(signal.SIGKILL)
        writer.wait()
    table = LmdbTable(tmp_path, "web", 2_000_000, 1200.0)
    table.start(None)
    assert table.counts() == {f"server {n}": 250_000 for n in range(4)}
    assert sum(len(part) for part in table.entries(time.monotonic())) == 1_000_000
    for n in range(0, 1_000_000, 997):
        key = (n * 2654435761 % 2**64).to_bytes(16, "big")
        pin = table.peek(key, time.monotonic())
        assert pin is not None
        assert pin.member == f"server {n % 4}"
    table.close()
    assert (tmp_path / "data.mdb").stat().st_size < 250 * 2**20
