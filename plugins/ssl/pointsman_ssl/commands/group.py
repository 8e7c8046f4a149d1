"""``pointsman cert``: certificates looked at, imported, made and listed."""

from __future__ import annotations

import click

from pointsman_ssl.commands.importing import import_
from pointsman_ssl.commands.listing import list_
from pointsman_ssl.commands.making import selfsigned
from pointsman_ssl.commands.show import show


@click.group()
def cert() -> None:
    """Look at certificates, import, make and list them."""


cert.add_command(show)
cert.add_command(import_)
cert.add_command(selfsigned)
cert.add_command(list_)
