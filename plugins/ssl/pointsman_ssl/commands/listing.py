"""``pointsman cert list``: the certificates of a configuration, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from pointsman.contracts.site import SiteReader
from pointsman.model.errors import ConfigError
from pointsman_ssl.commands.telling import console, days_words, fail
from pointsman_ssl.store import CertificateStore

_ON_THE_FLY = "(made on the fly)"
_WITHOUT_ONE = frozenset({"passthrough", "plain", "originate", "none"})


@click.command("list")
@click.argument("config", type=click.Path(dir_okay=False))
@click.pass_obj
def list_(read: SiteReader, config: str) -> None:
    """List the certificates of the configuration CONFIG: for whom, used where, for how long."""
    try:
        site = read(config)
    except ConfigError as error:
        fail(error)
    store: CertificateStore = site.sections["certificates"]
    used, without = uses(site.document)
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "for", "key", "time", "services"):
        table.add_column(heading, overflow="fold")
    now = datetime.now(UTC)
    for name, identity in store.identities.items():
        services = ", ".join(used.get(name, ())) or "not used"
        names = ", ".join([*identity.dns_names, *map(str, identity.addresses)])
        row = (name, names, identity.key_type)
        table.add_row(*map(escape, row), days_words(identity.days_left(now)), escape(services))
    for service in without:
        table.add_row(_ON_THE_FLY, "", "", "[yellow]temporary[/]", escape(service))
    console().print(table if table.row_count else "there are no certificates")


def uses(document: Mapping[str, Any]) -> tuple[Mapping[str, list[str]], list[str]]:
    """Which services name each certificate, and which need a temporary one, naming none.

    Args:
        document: a configuration that was found to be right, in plain values.
    """
    used: dict[str, list[str]] = {}
    without: list[str] = []
    for service, section in (document.get("virtual_services") or {}).items():
        tls = section.get("tls")
        if tls is None:
            continue
        names = tls.get("certificates") or () if isinstance(tls, Mapping) else ()
        mode = tls.get("mode", "offload") if isinstance(tls, Mapping) else tls
        for name in [names] if isinstance(names, str) else names:
            used.setdefault(name, []).append(service)
        if not names and mode not in _WITHOUT_ONE:
            without.append(service)
    return used, without
