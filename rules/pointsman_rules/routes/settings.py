"""A rule in YAML as it is written: ``when``, and what is done then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from pointsman.contracts import Duration, SecretSetting, Settings
from pointsman.contracts.pools import PoolName
from pointsman_rules.routes.fields import (
    AddressList,
    BodyTemplate,
    HeaderName,
    Names,
    Path,
    Regex,
    Template,
    Texts,
)
from pointsman_rules.routes.when import WhenSettings


class RedirectSettings(Settings):
    """Send the client elsewhere."""

    to: Template
    status: Literal[301, 302, 303, 307, 308] = 302


def _redirect(raw: object) -> object:
    return {"to": raw} if isinstance(raw, str) else raw


class RespondSettings(Settings):
    """Answer without asking a server."""

    status: int = Field(default=200, ge=200, le=999)
    body: BodyTemplate | None = None
    file: str | None = Field(default=None, description="whose bytes are the body, read at load")
    type: str = Field(default="text/plain; charset=utf-8", description="Content-Type of the body")
    headers: Mapping[HeaderName, Template] = {}
    close: bool = Field(default=False, description="the connection ends after it")

    @model_validator(mode="after")
    def _one_body(self) -> RespondSettings:
        if self.body is not None and self.file is not None:
            raise ValueError("either `body` or `file`, not both")
        return self


def _respond(raw: object) -> object:
    return {"status": raw} if isinstance(raw, int) and not isinstance(raw, bool) else raw


class MaintenanceSettings(Settings):
    """Answer 503 and when to come back."""

    body: BodyTemplate = "We are working on it and will be back soon.\n"
    type: str = "text/plain; charset=utf-8"
    retry_after: Duration = 300.0


class ReplaceSettings(Settings):
    """Replace what a pattern finds in a value."""

    regex: Regex
    to: Template


class HeadersSettings(Settings):
    """Changes of the header fields of one message, in this order: remove, replace, set, add."""

    remove: Names = ()
    replace: Mapping[HeaderName, ReplaceSettings] = {}
    set: Mapping[HeaderName, Template] = {}
    add: Mapping[HeaderName, Template] = {}


class RewriteSettings(Settings):
    """What the server is asked for instead; the client does not notice."""

    strip_prefix: Path | None = None
    add_prefix: Path | None = None
    regex: Regex | None = Field(default=None, description="found in the path, becomes `to`")
    to: Template | None = None
    path: Template | None = Field(default=None, description="the whole path")
    query: Template | None = Field(default=None, description="the whole query, empty for none")
    host: Template | None = Field(default=None, description="the field Host")

    @model_validator(mode="after")
    def _both(self) -> RewriteSettings:
        if (self.regex is None) != (self.to is None):
            raise ValueError("`regex` and `to` belong together")
        return self


class LocationSettings(Settings):
    """Rewrite Location and Content-Location of answers that begin like this."""

    starts: str = Field(alias="from", min_length=1)
    to: Template


class SetCookieSettings(Settings):
    """Change the attributes of cookies that a server sets."""

    names: Texts = Field(default=(), description="only these cookies; all if none is named")
    domain: str | None = Field(default=None, description="empty removes it")
    path_from: str | None = None
    path_to: str | None = None
    secure: bool | None = None
    http_only: bool | None = None
    same_site: Literal["Strict", "Lax", "None"] | None = None

    @model_validator(mode="after")
    def _both(self) -> SetCookieSettings:
        if (self.path_from is None) != (self.path_to is None):
            raise ValueError("`path_from` and `path_to` belong together")
        return self


class BasicAuthSettings(Settings):
    """Ask for a name and a password (RFC 7617)."""

    realm: str = Field(default="restricted", pattern=r'^[^"\\\x00-\x1f]*$')
    users: Mapping[str, SecretSetting] = Field(
        default={}, description="name: where its password is, or the hash of it"
    )
    file: str | None = Field(default=None, description="in the format of htpasswd, read at load")
    forward: bool = Field(default=False, description="the server gets to see the header as well")

    @model_validator(mode="after")
    def _somebody(self) -> BasicAuthSettings:
        if not self.users and self.file is None:
            raise ValueError("nobody could log in: give `users` or `file`")
        return self


class RateLimitSettings(Settings):
    """So many requests in a time, for each key; 429 beyond."""

    requests: int = Field(ge=1)
    per: Duration = Field(default=1.0, gt=0)
    burst: int | None = Field(default=None, ge=1, description="at once; else as many as `requests`")
    by: Template = Field(default="{client}", description="the key, such as {header:X-API-Key}")
    keys: int = Field(default=100_000, ge=1, description="remembered at most")
    status: int = Field(default=429, ge=400, le=599)


class CorsSettings(Settings):
    """Cross-origin requests, their preflight answered here (the Fetch standard)."""

    origins: Texts = Field(description="exact ones, with * for any text, or just *")
    methods: Texts = ("GET", "HEAD", "POST")
    headers: Names = ()
    expose: Names = ()
    credentials: bool = False
    max_age: Duration = 600.0

    @model_validator(mode="after")
    def _not_for_all(self) -> CorsSettings:
        if self.credentials and "*" in self.origins:
            raise ValueError("credentials for every origin would hand every user over: name them")
        return self


class SecuritySettings(Settings):
    """Header fields that make browsers careful; an empty text leaves one out."""

    hsts: Duration = Field(default=31_536_000.0, description="0 sends no Strict-Transport-Security")
    frame_options: str = "DENY"
    content_type_options: str = "nosniff"
    referrer_policy: str = "strict-origin-when-cross-origin"
    content_security_policy: str = ""
    permissions_policy: str = ""
    remove: Names = ("Server", "X-Powered-By")


def _switch(raw: object) -> object:
    if raw is True:
        return {}
    return None if raw is False else raw


def _some(raw: object) -> object:
    return raw if isinstance(raw, list | tuple) else [raw]


class RouteSettings(Settings):
    """A rule in YAML: if its conditions hold, it does what it says, in the order of this list."""

    name: str | None = Field(default=None, description="for people")
    when: WhenSettings | None = Field(default=None, description="conditions; none: always")
    deny: AddressList | None = Field(default=None, description="403 for these networks")
    allow: AddressList | None = Field(default=None, description="403 for all but these networks")
    rate_limit: RateLimitSettings | None = None
    basic_auth: BasicAuthSettings | None = None
    cors: CorsSettings | None = None
    maintenance: Annotated[
        MaintenanceSettings | None,
        BeforeValidator(_switch, json_schema_input_type=bool | MaintenanceSettings),
    ] = None
    redirect: Annotated[
        RedirectSettings | None,
        BeforeValidator(_redirect, json_schema_input_type=str | RedirectSettings),
    ] = None
    respond: Annotated[
        RespondSettings | None,
        BeforeValidator(_respond, json_schema_input_type=int | RespondSettings),
    ] = None
    pool: PoolName | None = Field(default=None, description="where it goes; the first one counts")
    server: str | None = Field(default=None, description="one certain server of that pool")
    rewrite: RewriteSettings | None = None
    request_headers: HeadersSettings | None = None
    response_headers: HeadersSettings | None = None
    location: Annotated[
        tuple[LocationSettings, ...],
        BeforeValidator(_some, json_schema_input_type=LocationSettings | list[LocationSettings]),
    ] = ()
    set_cookie: SetCookieSettings | None = None
    security_headers: Annotated[
        SecuritySettings | None,
        BeforeValidator(_switch, json_schema_input_type=bool | SecuritySettings),
    ] = None
    last: bool = Field(default=False, description="no later rule in YAML is looked at")

    @model_validator(mode="before")
    @classmethod
    def _answers_once(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping):
            answers = [key for key in ("maintenance", "redirect", "respond") if raw.get(key)]
            if len(answers) > 1:
                raise ValueError(f"one rule gives one answer, not {' and '.join(answers)}")
        return raw
