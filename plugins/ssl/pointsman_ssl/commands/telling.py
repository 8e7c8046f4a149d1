"""Findings on the terminal, and passwords from it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from pointsman_ssl.problems import CertificateError, Finding, Trouble

FAILED = 1

_SOON_DAYS = 14
_WIDE = 400  # columns where no terminal says how many it has: nothing is broken for grep


def console() -> Console:
    """Where results are printed."""
    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)


def days_words(left: int) -> str:
    """Whole days until it expires, in words and colour."""
    if left < 0:
        return f"[red]expired {-left - 1} days ago[/]"
    return f"[{'yellow' if left < _SOON_DAYS else 'green'}]{left} days left[/]"


def tell(findings: Iterable[Finding]) -> None:
    """Print warnings to stderr, one line each."""
    for finding in findings:
        click.echo(f"{click.style('warning', fg='yellow')}: {finding}", err=True)


def fail(error: Exception) -> NoReturn:
    """Print what is wrong to stderr and end with status 1."""
    click.echo(f"{click.style('error', fg='red')}: {error}", err=True)
    sys.exit(FAILED)


def password_of(file: str | None) -> str | None:
    """The password in a file, "-" reads one line of stdin; None without a file."""
    if file is None:
        return None
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CertificateError(
            Trouble.CANNOT_READ, f"cannot read the password in {file}: {told}"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")
