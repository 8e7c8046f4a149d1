"""``pointsman cert show``: what a file holds, its chain as a tree, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from pointsman_ssl.certificate import (
    addresses,
    days_left,
    dns_names,
    fingerprint,
    is_ca,
    is_self_issued,
    key_type,
    key_words,
    subject_words,
)
from pointsman_ssl.chain import Chain, chain_of
from pointsman_ssl.commands.telling import FAILED, console, days_words, fail, password_of
from pointsman_ssl.doctor import examined
from pointsman_ssl.opening import Read, read_files
from pointsman_ssl.pairing import likely_leaf, paired
from pointsman_ssl.problems import CertificateError, Finding, Trouble
from pointsman_ssl.system_roots import known_roots

_PATH = click.Path(dir_okay=False)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_PATH)
@click.option("--password-file", type=_PATH, help="File with the password; - asks stdin.")
def show(files: tuple[str, ...], password_file: str | None) -> None:
    """Show what FILEs hold together, whatever their form; exit with 1 if it cannot be used."""
    now = datetime.now(UTC)
    try:
        read = read_files([Path(file) for file in files], password_of(password_file))
    except CertificateError as error:
        fail(error)
    out = console()
    for form in [*read.contents.forms, *read.contents.others]:
        out.print(f"found   {escape(form)}")
    for key in read.contents.keys.values():
        out.print(f"key     {key_words(key)}")
    error_, findings = _shown(out, read, now)
    for finding in findings:
        out.print(f"[yellow]warning[/] {escape(str(finding))}")
    if error_ is not None:
        out.print(f"[red]error[/]   {escape(str(error_))}")
        sys.exit(FAILED)
    if not findings:
        out.print("[green]nothing is wrong with it[/]")


def _shown(out: Console, read: Read, now: datetime) -> tuple[Finding | None, Sequence[Finding]]:
    """Draw the chain; what keeps it from being served, and what else is odd."""
    certificates = list(read.contents.certificates.values())
    error: Finding | None = None
    findings = list(read.findings)
    try:
        pair = paired(read.contents, now)
    except CertificateError as failure:
        error = failure.finding
        if not certificates:
            return error, findings
        leaf = likely_leaf(certificates)
    else:
        leaf = pair.leaf
        findings += pair.findings
    if error is not None and error.trouble is Trouble.NO_KEY:
        error = None  # not to be served as it is, but that is no fault of a certificate
        out.print("[dim]no private key here[/]")
        if all(is_ca(one) for one in certificates):
            for one in certificates:
                out.print(_words(one, now))
            return error, findings
    others = [one for one in certificates if one != leaf]
    chain = chain_of(leaf, others, now, known_roots())
    out.print(_tree(leaf, chain, others, now))
    return error, [*findings, *examined(leaf, chain, others, now)]


def _tree(
    leaf: x509.Certificate, chain: Chain, others: Sequence[x509.Certificate], now: datetime
) -> Tree:
    """The root on top, the leaf below all."""
    above = list(reversed(chain.certificates))
    top = chain.top(leaf)
    if is_self_issued(leaf):
        return Tree(_words(leaf, now))
    if chain.root is not None:
        tree = Tree(f"{_words(chain.root, now)}\n[dim]the root, not sent to clients[/]")
    else:
        told = "a root of this system" if chain.complete else "[yellow]missing here[/]"
        tree = Tree(f"{escape(subject_words(top.issuer))}  [dim]{told}[/]")
    branch = tree
    for one in [*above, leaf]:
        branch = branch.add(_words(one, now))
    used = {leaf, chain.root, *chain.certificates}
    for one in others:
        if one not in used:
            tree.add(f"[dim]not used: {escape(subject_words(one.subject))}[/]")
    return tree


def _words(one: x509.Certificate, now: datetime) -> str:
    left = days_left(one, now)
    until = f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"
    names = [*dns_names(one), *map(str, addresses(one))]
    lines = [
        f"[bold]{escape(subject_words(one.subject))}[/]",
        f"{key_type(one)}, {until}, {days_words(left)}",
        *([f"for {escape(', '.join(names))}"] if names else []),
        f"[dim]sha256 {fingerprint(one)}[/]",
    ]
    return "\n".join(lines)
