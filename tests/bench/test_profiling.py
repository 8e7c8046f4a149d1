"""Profiles are summed up by the function that ran."""

import cProfile
from pathlib import Path

from bench.profiling import top_of_profile, top_of_stacks


def test_stacks_are_summed_by_their_innermost_function() -> None:
    lines = ["main;loop;read 30", "main;write 50", "main;loop;other;read 20"]
    assert top_of_stacks(lines) == " 50.0%  read\n 50.0%  write"
    assert top_of_stacks([]) == ""


def work() -> int:
    return sum(range(1000))


def test_a_profile_names_the_functions(tmp_path: Path) -> None:
    profile = cProfile.Profile()
    profile.runcall(work)
    profile.dump_stats(tmp_path / "some.prof")
    assert "(work)" in top_of_profile(tmp_path / "some.prof")
