"""Every hook, in the order in which traffic meets it. Offering hooks are asked once, at load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
import pluggy

from pointsman.contracts import Offer, Section
from pointsman.model.connection import ConnectionFacts
from pointsman.model.record import ExchangeRecord

NAMESPACE = "pointsman"

hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)


# ---- offering hooks: a mapping from the name used in YAML to what stands behind it ----


@hookspec
def schedulers() -> Mapping[str, Offer]:  # type: ignore[empty-body]
    """Schedulers: their makers return a ``contracts.Scheduler``."""


@hookspec
def persistences() -> Mapping[str, Offer]:  # type: ignore[empty-body]
    """Kinds of persistence: their makers return a ``contracts.Persistence``."""


@hookspec
def tables() -> Mapping[str, Offer]:  # type: ignore[empty-body]
    """Tables for pins: their makers return a ``contracts.Table``."""


@hookspec
def health_checks() -> Mapping[str, Offer]:  # type: ignore[empty-body]
    """Health checks: their makers return a ``contracts.HealthCheck``."""


@hookspec
def sections() -> Mapping[str, Section]:  # type: ignore[empty-body]
    """Top-level sections of the configuration beside the framework's own."""


@hookspec
def tls_modes() -> Mapping[str, Offer]:  # type: ignore[empty-body]
    """TLS modes: their makers return a ``contracts.tls.TlsMode``."""


@hookspec
def rulebooks() -> Mapping[str, Offer]:  # type: ignore[empty-body]
    """Kinds of rules: their makers take the settings of all entries of that kind of a service.

    They return as many ``contracts.rules.Rulebook``, in the same order, or None in the place of
    an entry that another one's rulebook stands for.
    """


@hookspec
def cli_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Commands to be added to ``pointsman``."""


# ---- event hooks: frozen to tuples at load; one that raises is logged and breaks nothing ----


@hookspec
def started(services: Sequence[str]) -> None:
    """All listeners of these virtual services are open."""


@hookspec
def client_connected(service: str, connection: ConnectionFacts) -> None:
    """A client connection was accepted."""


@hookspec
def pin_made(pool: str, server: str, client_ip: str) -> None:
    """A client was pinned to a server."""


@hookspec
def exchange_finished(record: ExchangeRecord) -> None:
    """An exchange or tunnel is over, however it ended."""


@hookspec
def health_changed(pool: str, server: str, up: bool, reason: str) -> None:
    """A server was taken out of traffic by its health check, or put back."""


@hookspec
def server_state(pool: str, server: str, before: str, state: str, reason: str) -> None:
    """The state of a server has changed, whoever changed it."""


@hookspec
def service_state(service: str, before: str, state: str, reason: str) -> None:
    """What the clients of a virtual service meet has changed."""


@hookspec
def reloaded(services: Sequence[str], changes: Sequence[str]) -> None:
    """Another configuration is in force; these virtual services are open now."""


@hookspec
def stopping() -> None:
    """Listeners are closing; open work is given its drain time."""
