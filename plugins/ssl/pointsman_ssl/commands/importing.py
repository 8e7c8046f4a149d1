"""``pointsman cert import``: a certificate of any form to a clean pair of PEM files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pointsman_ssl.commands.files import as_yaml, safe_name, write_pair
from pointsman_ssl.commands.telling import fail, password_of, tell
from pointsman_ssl.opening import authorities_of, opened, read_files
from pointsman_ssl.problems import CertificateError
from pointsman_ssl.system_roots import known_roots

_PATH = click.Path(dir_okay=False)


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_PATH)
@click.option("--name", required=True, help="Its name in the configuration.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False), help="Folder.")
@click.option("--password-file", type=_PATH, help="File with the password; - asks stdin.")
@click.option("--intermediate", multiple=True, type=_PATH, help="More for its chain; may repeat.")
@click.option("--replace", is_flag=True, help="Write over files that are there.")
def import_(
    files: tuple[str, ...],
    name: str,
    folder: str,
    password_file: str | None,
    intermediate: tuple[str, ...],
    replace: bool,
) -> None:
    """Write what FILEs hold as NAME.pem (with its chain) and NAME.key, and print the YAML for it.

    FILEs may be PFX, PEM, DER, PKCS#7 or keys. Nothing is written if anything is wrong.
    """
    try:
        stem = safe_name(name)
        for path in (Path(folder, f"{stem}.pem"), Path(folder, f"{stem}.key")):
            if path.exists() and not replace:
                raise ValueError(f"{path} is there already; --replace writes over it")
        read = read_files([Path(file) for file in files], password_of(password_file))
        more = [one for path in intermediate for one in authorities_of(Path(path))]
        made = opened(name, read, more, datetime.now(UTC), known_roots())
        certificate, key = write_pair(made.identity, Path(folder), stem)
    except (CertificateError, ValueError) as error:
        fail(error)
    except OSError as error:
        fail(OSError(f"cannot write to {folder}: {error.strerror}"))
    tell(made.findings)
    click.echo(as_yaml(name, certificate, key), nl=False)
