"""The TLS modes that take TLS off, put it on, or both; with what a service can say of them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from cryptography import x509
from pydantic import BeforeValidator, Field

from pointsman.contracts import Chore, Duration, Misfit, Offer, Settings, Surroundings
from pointsman.contracts.tls import TlsMode
from pointsman_ssl.client_certificates import ClientCertificates, ClientCertificateSettings
from pointsman_ssl.identity import Identity
from pointsman_ssl.policy import PolicySetting, policy_of
from pointsman_ssl.selfsigned import self_signed
from pointsman_ssl.store import CertificateStore
from pointsman_ssl.toward_clients import ClientSide
from pointsman_ssl.toward_servers import UpstreamSide, Verification
from pointsman_ssl.watching import Watching

_HTTP = (b"http/1.1",)
SYSTEM, NONE = "system", "none"


def _one_or_more(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


Names = Annotated[
    tuple[str, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])
]


def _pin(raw: object) -> object:
    pins = _one_or_more(raw)
    if isinstance(pins, list):
        return [pin.replace(":", "").lower() if isinstance(pin, str) else pin for pin in pins]
    return pins


Pin = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Pins = Annotated[tuple[Pin, ...], BeforeValidator(_pin, json_schema_input_type=str | list[str])]


class HstsSettings(Settings):
    """Strict-Transport-Security (RFC 6797)."""

    max_age: Duration = Field(default=31_536_000.0, description="how long browsers remember it")
    include_subdomains: bool = Field(default=False, description="also for all names below")
    preload: bool = Field(
        default=False, description="wish to be in the lists that browsers are delivered with"
    )


class UpstreamSettings(Settings):
    """TLS toward the servers."""

    verify: str = Field(
        default=SYSTEM,
        description="system, a name under `intermediates`, or none (dangerous)",
        examples=["company"],
    )
    name: str = Field(
        default="",
        description="the name its certificate must be for; else the one that is asked for",
        examples=["web.example.org"],
    )
    sni: str = Field(
        default="auto",
        description="auto, host, client, none, or a fixed name to ask for",
        examples=["host"],
    )
    pin: Pins = Field(
        default=(),
        description="SHA-256 of its public key (SPKI), hexadecimal",
        examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    )
    client_certificate: str | None = Field(
        default=None,
        description="a name under `certificates`, shown to the servers",
        examples=["balancer"],
    )
    policy: PolicySetting = Field(
        default="intermediate",
        description="versions and ciphers toward servers: a name, or a mapping",
    )


class OffloadSettings(Settings):
    """TLS from the client, plain to the server."""

    certificates: Names = Field(
        default=(),
        description="names under `certificates`, the default first; none: a temporary",
        examples=[["site"]],
    )
    policy: PolicySetting = Field(
        default="intermediate",
        description="versions and ciphers toward clients: a name, or a mapping",
    )
    hsts: bool | HstsSettings = Field(
        default=False, description="send Strict-Transport-Security with every response"
    )
    require_sni: bool = Field(
        default=False, description="refuse clients whose SNI no certificate is for"
    )
    strict_sni: bool = Field(
        default=False, description="answer 421 to a Host that the certificate shown is not for"
    )
    client_certificates: ClientCertificateSettings = Field(
        default_factory=ClientCertificateSettings,
        description="whether clients have to show certificates",
    )
    handshake_timeout: Annotated[Duration, Field(gt=0, le=600)] = Field(
        default=10.0, description="a client that takes longer is disconnected"
    )
    max_handshakes: Annotated[int, Field(ge=0)] = Field(
        default=1024, description="under way at a time; 0 for no limit"
    )


class ReencryptSettings(OffloadSettings):
    """TLS on both sides, a session of its own on each."""

    upstream: UpstreamSettings = Field(
        default_factory=UpstreamSettings, description="how TLS is spoken with the servers"
    )


class OriginateSettings(Settings):
    """Plain from the client, TLS to the server."""

    upstream: UpstreamSettings = Field(
        default_factory=UpstreamSettings, description="how TLS is spoken with the servers"
    )


class Mode:
    """One of the modes at work for a service (contracts.tls.TlsMode)."""

    passage = None

    def __init__(
        self,
        describes: str,
        client: ClientSide | None,
        upstream: UpstreamSide | None,
        warnings: tuple[str, ...],
        watched: Iterable[Watching] = (),
    ) -> None:
        self._describes = describes
        self.client = client
        self.upstream = upstream
        self.warnings = warnings
        self._watched = tuple(watched)

    @property
    def describes(self) -> str:
        """The mode in a few words, and that it is not fit for the public if so."""
        shown = self.client.identities if self.client is not None else ()
        temporary = any(identity.temporary for identity in shown)
        return f"{self._describes}, temporary certificate" if temporary else self._describes

    @property
    def chores(self) -> tuple[Chore, ...]:
        """Looking at files that are watched, and keeping OCSP responses fresh."""
        shown = self.client.identities if self.client is not None else ()
        staplings = [one.stapling for one in shown if one.stapling is not None]
        return (*self._watched, *staplings)

    def take_over(self, before: TlsMode) -> None:
        """Let each side go on where it did not change."""
        if not isinstance(before, Mode):
            return
        if self.client is not None and before.client is not None:
            self.client.take_over(before.client)
        if self.upstream is not None and before.upstream is not None:
            self.upstream.take_over(before.upstream)


def offload(settings: OffloadSettings, surroundings: Surroundings) -> Mode:
    """Make the mode; raises Misfit."""
    client = _client_side(settings, surroundings)
    warnings = (
        *_client_warnings(client),
        *_ports(surroundings, {443}, "expects TLS, but gets plain"),
    )
    watched = _watched(settings.certificates, client.renewed, surroundings)
    return Mode("offload", client, None, warnings, watched)


def reencrypt(settings: ReencryptSettings, surroundings: Surroundings) -> Mode:
    """Make the mode; raises Misfit."""
    client = _client_side(settings, surroundings)
    upstream = _upstream_side(settings.upstream, surroundings)
    warnings = (*_client_warnings(client), *_upstream_warnings(settings.upstream, surroundings))
    watched = (
        *_watched(settings.certificates, client.renewed, surroundings),
        *_watched(_shown(settings.upstream), upstream.renewed, surroundings),
    )
    described = f"reencrypt{_unverified(settings.upstream)}"
    return Mode(described, client, upstream, warnings, dict.fromkeys(watched))


def originate(settings: OriginateSettings, surroundings: Surroundings) -> Mode:
    """Make the mode; raises Misfit."""
    upstream = _upstream_side(settings.upstream, surroundings)
    warnings = tuple(_upstream_warnings(settings.upstream, surroundings))
    watched = _watched(_shown(settings.upstream), upstream.renewed, surroundings)
    return Mode(f"originate{_unverified(settings.upstream)}", None, upstream, warnings, watched)


OFFERS: Mapping[str, Offer] = {
    "offload": Offer(OffloadSettings, offload, "TLS from the client, plain to the server"),
    "reencrypt": Offer(ReencryptSettings, reencrypt, "TLS from the client and to the server"),
    "originate": Offer(OriginateSettings, originate, "plain from the client, TLS to the server"),
}


# ---- toward clients ----


def _client_side(settings: OffloadSettings, surroundings: Surroundings) -> ClientSide:
    http = surroundings.mode != "tcp"
    for key in ("hsts", "strict_sni"):
        if getattr(settings, key) and not http:
            message = f"{key} needs HTTP, and this service is in tcp mode"
            raise Misfit(message, "remove it, or use `mode: http`", (key,))
    store = _store(surroundings)
    try:
        folder = surroundings.folder(("client_certificates", "revocation_list"))
        demand = ClientCertificates(settings.client_certificates, store.authorities, folder)
    except Misfit as misfit:
        raise Misfit(str(misfit), misfit.hint, ("client_certificates", *misfit.at)) from None
    identities = [
        _identity(store, name, ("certificates", place))
        for place, name in enumerate(settings.certificates)
    ] or [temporary(surroundings)]
    return ClientSide(
        identities,
        policy_of(settings.policy),
        alpn=_HTTP if http else (),
        demand=demand,
        require_sni=settings.require_sni,
        strict=settings.strict_sni,
        response_lines=_hsts(settings.hsts),
        handshake_timeout=settings.handshake_timeout,
        most_handshakes=settings.max_handshakes,
    )


def temporary(surroundings: Surroundings) -> Identity:
    """A self-signed certificate for a service that was given none."""
    hosts = [host for host in surroundings.hosts if host not in ("", "*", "0.0.0.0", "::")]
    names = [*hosts, "localhost"] if hosts else [socket.gethostname().lower(), "localhost"]
    called = f"temporary: {surroundings.service}"
    try:
        return self_signed(called, names, datetime.now(UTC))
    except ValueError:  # a machine's own name need not be a host name
        return self_signed(called, ["localhost"], datetime.now(UTC))


def _client_warnings(client: ClientSide) -> Iterator[str]:
    if any(identity.temporary for identity in client.identities):
        yield "no certificate is named: a temporary one is shown, which no client trusts"


def _hsts(setting: bool | HstsSettings) -> bytes:
    if setting is False:
        return b""
    hsts = HstsSettings() if setting is True else setting
    value = f"max-age={hsts.max_age:.0f}"
    value += "; includeSubDomains" if hsts.include_subdomains else ""
    value += "; preload" if hsts.preload else ""
    return f"Strict-Transport-Security: {value}\r\n".encode("ascii")


# ---- toward servers ----


def _upstream_side(settings: UpstreamSettings, surroundings: Surroundings) -> UpstreamSide:
    for server in surroundings.servers:
        if server.endpoint or server.local:
            kind = "an endpoint" if server.endpoint else "in this process"
            message = f"server {server.name!r} is {kind}: TLS is spoken over sockets only"
            raise Misfit(message, "an endpoint can speak TLS by itself; then use `mode: offload`")
    if settings.sni == "host" and surroundings.mode == "tcp":
        message = "there is no Host in tcp mode"
        raise Misfit(message, "use `client` or a fixed name", ("upstream", "sni"))
    store = _store(surroundings)
    identity = None
    if settings.client_certificate is not None:
        at = ("upstream", "client_certificate")
        identity = _identity(store, settings.client_certificate, at)
    return UpstreamSide(
        policy_of(settings.policy),
        _verification(settings, store),
        sni=settings.sni,
        identity=identity,
        alpn=_HTTP if surroundings.mode != "tcp" else (),
    )


def _verification(settings: UpstreamSettings, store: CertificateStore) -> Verification:
    pins = frozenset(settings.pin)
    # A pinned key needs nobody to vouch for it, unless that is asked for as well.
    pinned_only = bool(pins) and "verify" not in settings.model_fields_set
    if settings.verify == NONE or pinned_only:
        if settings.name:
            message = "a name is verified together with its chain, and that is not verified"
            raise Misfit(message, "set `verify`, or remove `name`", ("upstream", "name"))
        return Verification(chain=False, pins=pins)
    authorities: tuple[x509.Certificate, ...] | None = None
    if settings.verify != SYSTEM:
        authorities = store.authorities.get(settings.verify)
        if authorities is None:
            known = ", ".join([SYSTEM, NONE, *store.authorities])
            message = f"there is no {settings.verify!r} under `intermediates`"
            raise Misfit(message, f"known: {known}", ("upstream", "verify"))
    return Verification(True, authorities, settings.name.lower().rstrip("."), pins)


def _unverified(settings: UpstreamSettings) -> str:
    return ", verify: none" if settings.verify == NONE and not settings.pin else ""


def _upstream_warnings(settings: UpstreamSettings, surroundings: Surroundings) -> Iterator[str]:
    if _unverified(settings):
        yield (
            "`verify: none`: anybody between here and the servers can read and change everything; "
            "name an authority under `intermediates`, or pin their key"
        )
    yield from _ports(surroundings, {80, 8080}, "is usually plain, but gets TLS")


def _ports(surroundings: Surroundings, odd: set[int], why: str) -> Iterator[str]:
    for server in surroundings.servers:
        if server.address.port in odd and not (server.endpoint or server.local):
            yield f"server {server.name!r} listens on port {server.address.port}, which {why}"


def _shown(settings: UpstreamSettings) -> tuple[str, ...]:
    named = settings.client_certificate
    return () if named is None else (named,)


# ---- the store ----


def _watched(
    names: Iterable[str], user: Callable[[Identity], None], surroundings: Surroundings
) -> list[Watching]:
    """Who watches these certificates, now that somebody wants to be told."""
    known = _store(surroundings).watched
    watched = [known[name] for name in dict.fromkeys(names) if name in known]
    for watching in watched:
        watching.tell(user)
    return watched


def _store(surroundings: Surroundings) -> CertificateStore:
    found: Any = surroundings.sections.get("certificates")
    return found if isinstance(found, CertificateStore) else CertificateStore()


def _identity(store: CertificateStore, name: str, at: tuple[str | int, ...]) -> Identity:
    found = store.identities.get(name)
    if found is None:
        known = ", ".join(store.identities) or "none is defined"
        raise Misfit(f"there is no certificate {name!r}", f"known: {known}", at)
    return found
