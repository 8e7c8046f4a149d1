"""The command line of the comparison: what to run, and what to do with the results."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from bench.cases import CASES, Case, LoadCase
from bench.failure import BenchError, RivalFailed
from bench.instructions import count
from bench.machine import described
from bench.profiling import profile
from bench.report import between_marks, document_report, terminal_report
from bench.rivals import RIVALS
from bench.rounds import Plan, run, takes_part
from bench.summary import Results, verdicts

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"

FULL = (5, 3, 12 * 60.0)  # rounds, seconds, budget in seconds for the loads; memory comes after
QUICK = (2, 1, 2 * 60.0)

TARGET_MISSED = 1
NOT_RUN = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and return the exit status."""
    chosen = parser().parse_args(arguments)
    # Ended like this, every `finally` still runs, and so every program that we started ends.
    signal.signal(signal.SIGTERM, end)
    try:
        if chosen.profile:
            return told(profile, chosen)
        return told(count, chosen) if chosen.instructions else compared(chosen)
    except (BenchError, RivalFailed) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return NOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED


def end(number: int, _frame: object) -> NoReturn:
    """Leave by way of every `finally`."""
    raise SystemExit(128 + number)


def parser() -> argparse.ArgumentParser:
    """Describe the options."""
    options = argparse.ArgumentParser(
        prog="python -m bench",
        description="Compares pointsman with other proxies, side by side on loopback.",
        epilog="exit status: 0; 1 with --check where a target is missed; 2 if it could not run",
    )
    options.add_argument("--quick", action="store_true", help="rough numbers within 3 minutes")
    options.add_argument("--case", action="append", choices=[*CASES], help="only this; may repeat")
    options.add_argument(
        "--rival", action="append", choices=[*RIVALS], help="only this; may repeat"
    )
    options.add_argument("--rounds", type=positive, help="default 5, quick 2")
    options.add_argument("--seconds", type=positive, help="of load per sample: default 3, quick 1")
    options.add_argument("--check", action="store_true", help="fail where a target is missed")
    options.add_argument("--write", action="store_true", help=f"put the tables in {DOCUMENT.name}")
    options.add_argument("--profile", action="store_true", help="only pointsman, under a profiler")
    options.add_argument(
        "--instructions", action="store_true", help="only pointsman, counted by valgrind"
    )
    return options


def positive(text: str) -> int:
    """Read a number that is at least 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def told(look: Callable[[LoadCase, int], str], chosen: argparse.Namespace) -> int:
    """Look at pointsman alone under each case that was asked for, and tell what was seen."""
    for name in chosen.case or ["l7-keepalive"]:
        case = CASES[name]
        if not isinstance(case, LoadCase):
            raise BenchError(f"{name} makes no load to look at")
        print(look(case, chosen.seconds or 5), flush=True)
    return 0


def compared(chosen: argparse.Namespace) -> int:
    """Run, report, and judge."""
    if chosen.write and (chosen.case or chosen.rival):
        raise BenchError("--write needs all cases and rivals: leave out --case and --rival")
    plan, left_out = planned(chosen)
    results = run(plan, lambda text: print(text, file=sys.stderr, flush=True))
    results.notes[:0] = left_out
    names = [rival.name for rival in plan.rivals]
    machine = described(plan.rivals)
    print(terminal_report(results, plan.cases, names, machine))
    if chosen.write:
        text = document_report(results, plan.cases, names, machine, plan.seconds)
        DOCUMENT.write_text(between_marks(DOCUMENT.read_text(), text))
    return TARGET_MISSED if chosen.check and missed(results, plan.cases, names) else 0


def planned(chosen: argparse.Namespace) -> tuple[Plan, list[str]]:
    """Make a plan of what was asked for; tell also which rivals are not installed.

    Raises:
        BenchError: nobody is left to run.
    """
    rounds, seconds, budget = QUICK if chosen.quick else FULL
    asked = [RIVALS[name] for name in chosen.rival or RIVALS]
    cases = [CASES[name] for name in chosen.case or CASES]
    asked = [rival for rival in asked if any(takes_part(rival, case) for case in cases)]
    there = [rival for rival in asked if rival.version() is not None]
    if not there:
        raise BenchError("none of the proxies asked for takes part and is installed")
    plan = Plan(
        cases=cases,
        rivals=there,
        rounds=chosen.rounds or rounds,
        seconds=chosen.seconds or seconds,
        budget=budget,
    )
    return plan, [f"{r.name} {r.absence}: left out" for r in asked if r not in there]


def missed(results: Results, cases: Sequence[Case], there: Sequence[str]) -> bool:
    """Tell whether a target was missed, or not measured though both sides of it were there."""
    return any(
        not verdict.met
        for verdict in verdicts(results, cases)
        if verdict.target.against in {None, *there}
    )
