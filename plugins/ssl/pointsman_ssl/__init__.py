"""TLS in the box: the certificate store, the policies and the modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from pointsman.contracts import Offer, Section
from pointsman.hookspecs import hookimpl
from pointsman_ssl import modes, passthrough
from pointsman_ssl.commands.group import cert
from pointsman_ssl.sections import sections as _sections


@hookimpl
def sections() -> Mapping[str, Section]:
    """``intermediates`` and ``certificates``: the latter becomes a ``store.CertificateStore``."""
    return _sections()


@hookimpl
def tls_modes() -> Mapping[str, Offer]:
    """The modes by the name that ``tls:`` takes."""
    return {**modes.OFFERS, **passthrough.OFFERS}


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    """``pointsman cert``."""
    return [cert]
