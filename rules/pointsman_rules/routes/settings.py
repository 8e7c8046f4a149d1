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


def _capital(raw: object) -> object:
    """As headers write it; ``active_cookie`` has it small."""
    return raw.capitalize() if isinstance(raw, str) else raw


class RedirectSettings(Settings):
    """Send the client elsewhere."""

    to: Template = Field(description="where to: a URL, or a path")
    status: Literal[301, 302, 303, 307, 308] = Field(default=302, description="of the answer")


def _redirect(raw: object) -> object:
    return {"to": raw} if isinstance(raw, str) else raw


class RespondSettings(Settings):
    """Answer without asking a server."""

    status: int = Field(default=200, ge=200, le=999, description="of the answer", examples=[403])
    body: BodyTemplate | None = Field(default=None, description="text of the answer")
    file: str | None = Field(
        default=None,
        description="whose bytes are the body, read at load",
        examples=["pages/closed.html"],
    )
    type: str = Field(default="text/plain; charset=utf-8", description="Content-Type of the body")
    headers: Mapping[HeaderName, Template] = Field(
        default={}, description="further header fields", examples=[{"Cache-Control": "no-store"}]
    )
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

    body: BodyTemplate = Field(
        default="We are working on it and will be back soon.\n", description="text of the answer"
    )
    type: str = Field(default="text/plain; charset=utf-8", description="Content-Type of the body")
    retry_after: Duration = Field(default=300.0, description="what it says in Retry-After")


class ReplaceSettings(Settings):
    """Replace what a pattern finds in a value."""

    regex: Regex = Field(description="what is replaced, wherever it is found", examples=["^http:"])
    to: Template = Field(
        description="what stands there instead, {1} is the first group", examples=["https:"]
    )


class HeadersSettings(Settings):
    """Changes of the header fields of one message, in this order: remove, replace, set, add."""

    remove: Names = Field(default=(), description="fields that go")
    replace: Mapping[HeaderName, ReplaceSettings] = Field(
        default={},
        description="parts of a value that become others",
        examples=[{"Location": {"regex": "^http:", "to": "https:"}}],
    )
    set: Mapping[HeaderName, Template] = Field(
        default={},
        description="fields in the place of those that are there",
        examples=[{"X-Client": "{client}"}],
    )
    add: Mapping[HeaderName, Template] = Field(
        default={}, description="fields beside those that are there", examples=[{"Vary": "Cookie"}]
    )


class RewriteSettings(Settings):
    """What the server is asked for instead; the client does not notice."""

    strip_prefix: Path | None = Field(
        default=None, description="taken off the path, in whole segments"
    )
    add_prefix: Path | None = Field(
        default=None, description="put before the path", examples=["/v2"]
    )
    regex: Regex | None = Field(default=None, description="found in the path, becomes `to`")
    to: Template | None = Field(
        default=None, description="with {1} and so on for the groups of `regex`", examples=["/{1}/"]
    )
    path: Template | None = Field(
        default=None, description="the whole path", examples=["/index.html"]
    )
    query: Template | None = Field(
        default=None, description="the whole query", examples=["from={host}"]
    )
    host: Template | None = Field(
        default=None, description="the field Host", examples=["inside.example.org"]
    )

    @model_validator(mode="after")
    def _both(self) -> RewriteSettings:
        if (self.regex is None) != (self.to is None):
            raise ValueError("`regex` and `to` belong together")
        return self


class LocationSettings(Settings):
    """Rewrite Location and Content-Location of answers that begin like this."""

    starts: str = Field(
        alias="from",
        min_length=1,
        description="how it begins",
        examples=["http://inside.example.org/"],
    )
    to: Template = Field(
        description="what it begins with instead", examples=["https://www.example.org/"]
    )


class SetCookieSettings(Settings):
    """Change the attributes of cookies that a server sets."""

    names: Texts = Field(
        default=(), description="only these cookies; all if none is named", examples=["sid"]
    )
    domain: str | None = Field(
        default=None, description="another Domain; empty removes it", examples=["example.org"]
    )
    path_from: str | None = Field(
        default=None, description="beginning of Path that becomes `path_to`", examples=["/"]
    )
    path_to: str | None = Field(
        default=None, description="what Path begins with instead", examples=["/api/"]
    )
    secure: bool | None = Field(default=None, description="true adds Secure, false removes it")
    http_only: bool | None = Field(default=None, description="true adds HttpOnly, false removes it")
    same_site: Annotated[Literal["Strict", "Lax", "None"] | None, BeforeValidator(_capital)] = (
        Field(default=None, description="another SameSite")
    )

    @model_validator(mode="after")
    def _both(self) -> SetCookieSettings:
        if (self.path_from is None) != (self.path_to is None):
            raise ValueError("`path_from` and `path_to` belong together")
        return self


class BasicAuthSettings(Settings):
    """Ask for a name and a password (RFC 7617)."""

    realm: str = Field(
        default="restricted",
        pattern=r'^[^"\\\x00-\x1f]*$',
        description="what the client is shown when it is asked",
        examples=["our office"],
    )
    users: Mapping[str, SecretSetting] = Field(
        default={},
        description="name: where its password is, or the hash of it",
        examples=[{"joe": {"env": "JOES_PASSWORD"}}],
    )
    file: str | None = Field(
        default=None,
        description="in the format of htpasswd, read at load",
        examples=["users.htpasswd"],
    )
    forward: bool = Field(default=False, description="the server gets to see the header as well")

    @model_validator(mode="after")
    def _somebody(self) -> BasicAuthSettings:
        if not self.users and self.file is None:
            raise ValueError("nobody could log in: give `users` or `file`")
        return self


class RateLimitSettings(Settings):
    """So many requests in a time, for each key; 429 beyond."""

    requests: int = Field(ge=1, description="so many for each key in `per`", examples=[50])
    per: Duration = Field(default=1.0, gt=0, description="in this time", examples=["1m"])
    burst: int | None = Field(
        default=None, ge=1, description="at once; else as many as `requests`", examples=[200]
    )
    by: Template = Field(
        default="{client}",
        description="the key: requests with the same text count together",
        examples=["{header:X-API-Key}"],
    )
    keys: int = Field(default=100_000, ge=1, description="so many keys are remembered at most")
    table: str | None = Field(
        default=None,
        description="of `rule_tables`: where it is counted, with all who share that table",
        examples=["rates"],
    )
    status: int = Field(default=429, ge=400, le=599, description="of the refusal", examples=[503])


class CorsSettings(Settings):
    """Cross-origin requests, their preflight answered here (the Fetch standard)."""

    origins: Texts = Field(
        description="exact ones, with * for any text, or just *",
        examples=[["https://app.example.org"]],
    )
    methods: Texts = Field(
        default=("GET", "HEAD", "POST"),
        description="methods that preflights are told",
        examples=[["GET", "PUT"]],
    )
    headers: Names = Field(default=(), description="request headers that preflights are told")
    expose: Names = Field(default=(), description="headers of answers that scripts may read")
    credentials: bool = Field(
        default=False, description="cookies and passwords may be sent; not with origin *"
    )
    max_age: Duration = Field(
        default=600.0, description="how long browsers remember a preflight", examples=["1h"]
    )

    @model_validator(mode="after")
    def _not_for_all(self) -> CorsSettings:
        if self.credentials and "*" in self.origins:
            raise ValueError("credentials for every origin would hand every user over: name them")
        return self


class SecuritySettings(Settings):
    """Header fields that make browsers careful; an empty text leaves one out."""

    hsts: Duration = Field(
        default=31_536_000.0,
        description="max-age of Strict-Transport-Security, over TLS only; 0 sends none",
    )
    frame_options: str = Field(
        default="DENY", description="X-Frame-Options", examples=["SAMEORIGIN"]
    )
    content_type_options: str = Field(default="nosniff", description="X-Content-Type-Options")
    referrer_policy: str = Field(
        default="strict-origin-when-cross-origin",
        description="Referrer-Policy",
        examples=["no-referrer"],
    )
    content_security_policy: str = Field(
        default="", description="Content-Security-Policy", examples=["default-src 'self'"]
    )
    permissions_policy: str = Field(
        default="", description="Permissions-Policy", examples=["camera=()"]
    )
    remove: Names = Field(
        default=("Server", "X-Powered-By"), description="fields of the server that go"
    )


def _switch(raw: object) -> object:
    if raw is True:
        return {}
    return None if raw is False else raw


def _some(raw: object) -> object:
    return raw if isinstance(raw, list | tuple) else [raw]


class RouteSettings(Settings):
    """A rule in YAML: if its conditions hold, it does what it says, in the order of this list."""

    name: str | None = Field(
        default=None, description="for people: logs and explain show it", examples=["the API"]
    )
    when: WhenSettings | None = Field(
        default=None,
        description="conditions; without them the rule always holds",
        examples=[{"prefix": "/api"}],
    )
    deny: AddressList | None = Field(default=None, description="403 for these networks")
    allow: AddressList | None = Field(default=None, description="403 for all but these networks")
    rate_limit: RateLimitSettings | None = Field(
        default=None,
        description="429 for who asks too often",
        examples=[{"requests": 50, "per": "1s"}],
    )
    basic_auth: BasicAuthSettings | None = Field(
        default=None,
        description="ask for a name and a password",
        examples=[{"file": "users.htpasswd"}],
    )
    cors: CorsSettings | None = Field(
        default=None,
        description="let scripts of other sites in",
        examples=[{"origins": ["https://app.example.org"]}],
    )
    maintenance: Annotated[
        MaintenanceSettings | None,
        BeforeValidator(_switch, json_schema_input_type=bool | MaintenanceSettings),
    ] = Field(default=None, description="answer 503 and when to come back")
    redirect: Annotated[
        RedirectSettings | None,
        BeforeValidator(_redirect, json_schema_input_type=Template | RedirectSettings),
    ] = Field(default=None, description="send the client elsewhere")
    respond: Annotated[
        RespondSettings | None,
        BeforeValidator(_respond, json_schema_input_type=int | RespondSettings),
    ] = Field(
        default=None,
        description="answer without asking a server: a status, or a mapping",
        examples=[403],
    )
    pool: PoolName | None = Field(
        default=None, description="where it goes; the first one counts", examples=["api"]
    )
    server: str | None = Field(
        default=None,
        description="one certain server of that pool, while it takes clients",
        examples=["a"],
    )
    rewrite: RewriteSettings | None = Field(
        default=None,
        description="another path, query or Host for the server",
        examples=[{"strip_prefix": "/api"}],
    )
    request_headers: HeadersSettings | None = Field(
        default=None,
        description="changes of what the server gets",
        examples=[{"set": {"X-Client": "{client}"}}],
    )
    response_headers: HeadersSettings | None = Field(
        default=None,
        description="changes of what the client gets",
        examples=[{"remove": ["Server"]}],
    )
    location: Annotated[
        tuple[LocationSettings, ...],
        BeforeValidator(_some, json_schema_input_type=LocationSettings | list[LocationSettings]),
    ] = Field(
        default=(),
        description="other beginnings for Location and Content-Location",
        examples=[{"from": "http://inside.example.org/", "to": "/"}],
    )
    set_cookie: SetCookieSettings | None = Field(
        default=None,
        description="other attributes for cookies that servers set",
        examples=[{"secure": True}],
    )
    security_headers: Annotated[
        SecuritySettings | None,
        BeforeValidator(_switch, json_schema_input_type=bool | SecuritySettings),
    ] = Field(default=None, description="header fields that make browsers careful")
    last: bool = Field(default=False, description="no later rule in YAML is looked at")

    @model_validator(mode="before")
    @classmethod
    def _answers_once(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping):
            answers = [key for key in ("maintenance", "redirect", "respond") if raw.get(key)]
            if len(answers) > 1:
                raise ValueError(f"one rule gives one answer, not {' and '.join(answers)}")
        return raw
