"""``pointsman cert selfsigned``: a self-signed certificate for names and addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pointsman_ssl.commands.files import as_yaml, safe_name, write_pair
from pointsman_ssl.commands.telling import fail
from pointsman_ssl.selfsigned import DAYS, self_signed


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False), help="Folder.")
@click.option("--days", type=click.IntRange(1, 3650), default=DAYS, show_default=True)
@click.option("--replace", is_flag=True, help="Write over files that are there.")
def selfsigned(names: tuple[str, ...], folder: str, days: int, replace: bool) -> None:
    """Make a self-signed certificate for host NAMEs and addresses, and print the YAML for it."""
    try:
        identity = self_signed(names[0], names, datetime.now(UTC), days, temporary=False)
        stem = safe_name(names[0].replace("*", "wildcard").replace(":", "-").strip("[]"))
        for path in (Path(folder, f"{stem}.pem"), Path(folder, f"{stem}.key")):
            if path.exists() and not replace:
                raise ValueError(f"{path} is there already; --replace writes over it")
        certificate, key = write_pair(identity, Path(folder), stem)
    except ValueError as error:
        fail(error)
    except OSError as error:
        fail(OSError(f"cannot write to {folder}: {error.strerror}"))
    click.echo(as_yaml(stem, certificate, key), nl=False)
