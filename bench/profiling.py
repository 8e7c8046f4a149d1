"""Where pointsman's own time goes: one case under a profiler, and the functions that cost most."""

import io
import pstats
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.cases import LoadCase, PinsCase
from bench.failure import BenchError
from bench.load import make_load
from bench.measure import user_and_system_seconds
from bench.processes import program_path, stop
from bench.rivals import Pointsman, ProfiledPointsman, PurePointsman
from bench.track import Track, track

TOP = 30
SECONDS_TO_WRITE = 20.0


def profile(case: LoadCase, seconds: int) -> str:
    """Profile pointsman under a case's load: with py-spy where there is one, else cProfile.

    Raises:
        RivalFailed: pointsman does not start, or fails under load.
        BenchError: the load or the real servers cannot be had, or the case is a difference.
    """
    if isinstance(case, PinsCase):
        raise BenchError(f"{case.name} is a difference: --instructions tells what it is made of")
    with track() as laid:
        split = kernel_share(laid, case, seconds)
        spy = program_path("py-spy")
        top = sampled(laid, case, seconds, spy) if spy else traced(laid, case, seconds)
    return f"{case.name}: {split}\n\n{top}"


def kernel_share(laid: Track, case: LoadCase, seconds: int) -> str:
    """Tell how the time divides into Python and kernel, with no profiler in the way."""
    with laid.up(Pointsman()) as runner:
        before = user_and_system_seconds(runner.process.pid)
        load = make_load(case, runner.port(case), seconds, core=laid.load_core, folder=laid.folder)
        after = user_and_system_seconds(runner.process.pid)
    user, system = (1e6 * (b - a) / load.requests for a, b in zip(before, after, strict=True))
    return f"{user:.1f} us per request in user space, {system:.1f} us in the kernel"


def sampled(laid: Track, case: LoadCase, seconds: int, spy: str) -> str:
    """Let py-spy look at the running program, which hardly slows it; it sees only Python."""
    stacks = laid.folder / "stacks.txt"
    command = [spy, "record", "--format", "raw", "--duration", str(seconds)]
    with laid.up(PurePointsman()) as runner:
        watcher = subprocess.Popen([*command, "--pid", str(runner.process.pid), "-o", str(stacks)])
        try:
            make_load(case, runner.port(case), seconds + 1, core=laid.load_core, folder=laid.folder)
            watcher.wait(SECONDS_TO_WRITE)
        finally:
            stop(watcher)
    return "share of samples by function (py-spy):\n" + top_of_stacks(
        stacks.read_text().splitlines()
    )


def top_of_stacks(lines: Iterable[str], count: int = TOP) -> str:
    """Sum up py-spy's raw stacks, `outer;inner 12` a line, by the innermost function."""
    samples: Counter[str] = Counter()
    for line in lines:
        stack, _, number = line.rpartition(" ")
        samples[stack.rpartition(";")[2]] += int(number)
    total = samples.total() or 1
    return "\n".join(
        f"{100 * number / total:5.1f}%  {name}" for name, number in samples.most_common(count)
    )


def traced(laid: Track, case: LoadCase, seconds: int) -> str:
    """Run the program under cProfile. It doubles the cost of small functions: read as order."""
    with laid.up(ProfiledPointsman()) as runner:
        make_load(case, runner.port(case), seconds, core=laid.load_core, folder=laid.folder)
        # It writes the profile as it ends.
        stop(runner.process, SECONDS_TO_WRITE)
        written = runner.site.folder / "pointsman.prof"
        deadline = time.monotonic() + 1
        while not written.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return top_of_profile(written)


def top_of_profile(path: Path, count: int = TOP) -> str:
    """Read cProfile's file: the functions by the time spent in themselves."""
    text = io.StringIO()
    stats = pstats.Stats(str(path), stream=text)
    stats.strip_dirs().sort_stats("tottime").print_stats(count)
    return text.getvalue().strip()
