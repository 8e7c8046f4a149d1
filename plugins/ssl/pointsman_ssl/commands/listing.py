"""``pointsman cert list``: the certificates of a configuration, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pointsman.contracts.site import SiteReader
from pointsman.model.errors import ConfigError
from pointsman_ssl.commands.telling import fail
from pointsman_ssl.identity import Identity
from pointsman_ssl.store import CertificateStore

_ON_THE_FLY = "(made on the fly)"
_SOON_DAYS = 14
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
    for heading in ("name", "for", "key", "days left", "services"):
        table.add_column(heading, overflow="fold")
    now = datetime.now(UTC)
    for name, identity in store.identities.items():
        services = ", ".join(used.get(name, ())) or "not used"
        names = ", ".join([*identity.dns_names, *map(str, identity.addresses)])
        row = (name, names, identity.key_type)
        table.add_row(*map(escape, row), _left(identity, now), escape(services))
    for service in without:
        table.add_row(_ON_THE_FLY, "", "", "[yellow]temporary[/]", escape(service))
    console = Console(soft_wrap=True)
    if table.row_count:
        console.print(table)
    else:
        console.print("there are no certificates")


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


def _left(identity: Identity, now: datetime) -> str:
    left = identity.days_left(now)
    if left < 0:
        return f"[red]expired {-left} days ago[/]"
    return f"[{'yellow' if left < _SOON_DAYS else 'green'}]{left}[/]"
