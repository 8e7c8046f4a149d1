"""Instructions instead of seconds: what one request costs under valgrind's callgrind.

The count is nearly the same whatever else the machine is doing, so it tells differences of one per
cent where times do not tell ten. It sees no kernel and no cache: a first judgement, not the last.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.cases import LoadCase, PinsCase, RulesCase
from bench.failure import BenchError
from bench.load import make_load
from bench.processes import program_path
from bench.rivals import PinnedPointsman, Pointsman, RuledPointsman, Site
from bench.track import Running, Track, track

TOP = 30
WARM_SECONDS = 2
OUT = "callgrind.out"


class CountedPointsman(Pointsman):
    """Ourselves under callgrind, fifty times slower."""

    seconds_to_start = 120.0

    def command(self, site: Site) -> list[str]:
        """Tell the command that starts it under valgrind."""
        options = ["--tool=callgrind", "--compress-strings=no", "--compress-pos=no"]
        out = f"--callgrind-out-file={site.folder / OUT}"
        config = str(site.folder / "pointsman.yaml")
        return ["valgrind", *options, out, sys.executable, "-m", "pointsman", "run", config]


class CountedWithPins(CountedPointsman, PinnedPointsman):
    """The same with a service for each kind of pins."""


class CountedWithRules(CountedPointsman, RuledPointsman):
    """The same with a service for each kind of rules."""


class Counting:
    """A program that is counted, and how often it has written what."""

    def __init__(self, laid: Track, runner: Running) -> None:
        self._laid = laid
        self._runner = runner
        self._dumps = 0

    def each(self, case: LoadCase, port: int, seconds: int) -> Counter[str]:
        """Count what one request to a port costs each function, 1000 times as much."""
        laid = self._laid
        make_load(case, port, WARM_SECONDS, core=laid.load_core, folder=laid.folder)
        self._dump()
        load = make_load(case, port, seconds, core=laid.load_core, folder=laid.folder)
        with self._dump().open() as lines:
            costs = by_function(lines)
        return Counter({name: 1000 * cost // load.requests for name, cost in costs.items()})

    def _dump(self) -> Path:
        self._dumps += 1
        dump(self._runner.process.pid)
        return self._runner.site.folder / f"{OUT}.{self._dumps}"


def count(case: LoadCase, seconds: int) -> str:
    """Count the instructions of each request of a case, and name the functions that have most.

    Of a case with pins or rules it is those that they add.

    Raises:
        RivalFailed: pointsman does not start, or fails under load.
        BenchError: valgrind is not there, or the load or the real servers cannot be had.
    """
    for needed in ("valgrind", "callgrind_control"):
        if program_path(needed) is None:
            raise BenchError(f"{needed} is missing; on Debian: apt-get install valgrind")
    adds = isinstance(case, PinsCase)
    rival = CountedWithPins() if adds else CountedPointsman()
    if isinstance(case, RulesCase):
        rival = CountedWithRules()
    with track() as laid, laid.up(rival) as runner:
        counting = Counting(laid, runner)
        costs = counting.each(case, runner.port(case), seconds)
        said = f"{case.name}: {costs.total() / 1000:.0f} instructions per request in user space"
        if adds:
            costs.subtract(counting.each(case, runner.site.http_port, seconds))
            said += f", {costs.total() / 1000:.0f} of them added"
    top = "\n".join(f"{cost / 1000:8.0f}  {name}" for name, cost in costs.most_common(TOP))
    return f"{said}\n\n{top}"


def dump(pid: int) -> None:
    """Have callgrind write what was counted since the last time."""
    outcome = subprocess.run(
        ["callgrind_control", "--dump", str(pid)], capture_output=True, text=True, check=False
    )
    if outcome.returncode:
        raise BenchError(f"callgrind_control failed: {outcome.stdout}{outcome.stderr}")


def by_function(lines: Iterable[str]) -> Counter[str]:
    """Sum up the cost of each function in itself, from a callgrind file without compression.

    Source: valgrind's manual, "Callgrind Format Specification".
    """
    costs: Counter[str] = Counter()
    name = ""
    is_of_call = False
    for line in lines:
        if line.startswith("fn="):
            # A function that calls itself is "name'2" inside.
            name = line[3:].strip().partition("'")[0]
        elif line.startswith("calls="):
            is_of_call = True
        elif line[:1].isdigit():
            if is_of_call:
                is_of_call = False  # what the called function cost, which has its own lines
            else:
                costs[name] += int(line.split()[1])
    return costs
