"""``pointsman rules check``: what can be said of rule files without running them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pointsman_rules.commands.test import PATH
from pointsman_rules.lab import checking


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
def check(paths: tuple[Path, ...]) -> None:
    """Compile rule files, or all below folders, and look for unknown names and costly patterns.

    Exit with 1 if there is an error; warnings alone are none.
    """
    files = [file for path in paths for file in (sorted(path.rglob("*.lua")) or [path])]
    errors = 0
    for file in files:
        for remark in checking.check(file):
            errors += remark.error
            kind = "error" if remark.error else "warning"
            click.echo(f"{file}:{remark.line}: {kind}: {remark.text}")
    click.echo(f"{len(files)} files, {errors} errors")
    sys.exit(1 if errors else 0)
