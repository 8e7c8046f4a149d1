"""``pointsman rules test``: scenario files are played."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pointsman_rules.lab.junit import junit
from pointsman_rules.lab.playing import Result, play, scenario_files
from pointsman_rules.limits import Engine

ENGINES = click.Choice(["lua54", "lua55", "luajit"])
PATH = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option("--engine", type=ENGINES, help="Play with this Lua, whatever the scenarios say.")
@click.option("--junit", "report", type=click.Path(path_type=Path), help="Write JUnit XML there.")
def test(paths: tuple[Path, ...], engine: Engine | None, report: Path | None) -> None:
    """Play scenario files, those of rules, or all below folders; exit with 1 if one fails."""
    results: list[Result] = []
    files = [file for path in paths for file in scenario_files(path)]
    if not files:
        click.echo("there are no scenario files (NAME.test.yaml) there", err=True)
        sys.exit(1)
    for file in files:
        try:
            for result in play(file, engine):
                results.append(result)
                _tell(result)
        except ValueError as error:
            broken = Result(str(file), "file", (str(error),))
            results.append(broken)
            _tell(broken)
    if report is not None:
        report.write_text(junit(results), "utf-8")
    failed = sum(bool(one.problems) for one in results)
    click.echo(f"{len(results)} cases in {len(files)} files, {failed} failed")
    sys.exit(1 if failed else 0)


def _tell(result: Result) -> None:
    if result.problems:
        click.echo(f"FAILED {result.file}: {result.case}")
        for problem in result.problems:
            click.echo(f"       {problem}")
