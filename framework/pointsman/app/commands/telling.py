"""Problems of a configuration, told so that the place at fault can be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from pointsman.model.errors import Problem

_TAB_STOP = 4
# A password written where a reference to it belongs: the line is shown, what was written is not.
_SECRET = re.compile(r"""(?i)(\w*(?:passw|pasw|passphrase|secret)\w*["']?\s*:\s*)([^\s{][^,}#]*)""")


def tell_problems(problems: Sequence[Problem], *, warnings: bool = False) -> None:
    """Print each problem to stderr: where, what, what to do, and the line with a caret below."""
    for problem in problems:
        click.echo(told(problem, "warning" if warnings else "error"), err=True)


def told(problem: Problem, kind: str) -> str:
    """One problem on several lines, such as::

    site.yaml:4:5: error: pools.web.shceduling: this key is not known here
        4 |     shceduling: round_robin
          |     ^
          = did you mean `scheduling`?
    """
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    key = f"{problem.key}: " if problem.key else ""
    lines = [f"{place}: {kind}: {key}{problem.message}"]
    source = _source_line(problem)
    margin = " " * 6
    if source is not None:
        before = source[: problem.column - 1].expandtabs(_TAB_STOP)
        lines.append(f"{problem.line:>5} | {source.expandtabs(_TAB_STOP)}")
        lines.append(f"{margin}| {' ' * len(before)}^")
    if problem.hint:
        lines.append(f"{margin}= {problem.hint}")
    return "\n".join(lines)


def _source_line(problem: Problem) -> str | None:
    if not problem.line:
        return None
    try:
        lines = Path(problem.file).read_text(encoding="utf-8-sig").splitlines()
        return _SECRET.sub(_starred, lines[problem.line - 1])
    except (OSError, ValueError, IndexError):
        return None


def _starred(found: re.Match[str]) -> str:
    return found[1] + "*" * len(found[2].rstrip())


def problems_as_json(errors: Sequence[Problem], warnings: Sequence[Problem]) -> str:
    """One JSON object with the lists ``errors`` and ``warnings``."""
    told_all = {
        "errors": [asdict(problem) for problem in errors],
        "warnings": [asdict(problem) for problem in warnings],
    }
    return json.dumps(told_all, indent=2)
