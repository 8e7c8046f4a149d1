"""The settings of ``active_cookie``, and what is made of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pointsman.contracts import Duration, Misfit, Offer, SecretSetting, Settings, Surroundings
from pointsman.contracts.settings import Secret
from pointsman_persistence.active_cookie import ActiveCookie
from pointsman_persistence.inserted import Inserted
from pointsman_persistence.kept_secret import kept_secret
from pointsman_persistence.keyed import needs_http
from pointsman_persistence.server_cookie import TOKEN
from pointsman_persistence.tokens import Tokens

SHORTEST_SECRET = 16


def _in_small(raw: object) -> object:
    """The attribute is written with a capital in headers, and in rules."""
    return raw.lower() if isinstance(raw, str) else raw


class ActiveCookieSettings(Settings):
    """The cookie that is set, with all its attributes, and how long it is believed.

    Attributes:
        cookie: its name; if it is left out, one made from the name of the pool.
        path: of the cookie.
        domain: hosts that get it, with all below; "" for none but the one that the client asked.
        secure: whether it is sent by TLS only; "auto" where the client itself uses TLS.
        http_only: whether scripts in the page cannot read it.
        same_site: whether it is sent with requests that other sites cause; "" says nothing.
        partitioned: whether each site that embeds this one has a cookie of its own.
        cookie_max_age: seconds that clients keep it; 0 until their session ends.
        timeout: seconds from its last use until it is not believed any more; 0 for no end.
        max_age: seconds from when the client was given to its server, likewise.
        secret: signs it; the same for all who are to believe each other's cookies.
        previous_secret: what ``secret`` was before; its cookies are believed and written anew.
        rotate: seconds after which another key, derived from the secret, signs; 0 for never.
        caches: what is said to caches in the answers that set it.
        strip: whether servers do not see it.
    """

    cookie: str | None = Field(default=None, pattern=TOKEN, max_length=256, examples=["route"])
    path: str = Field(default="/", pattern=r"^/[\x21-\x3a\x3c-\x7e]*$")
    domain: str = Field(
        default="",
        pattern=r"^(\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$",
        examples=["example.org"],
    )
    secure: Literal["auto"] | bool = "auto"
    http_only: bool = True
    same_site: Annotated[Literal["", "lax", "strict", "none"], BeforeValidator(_in_small)] = ""
    partitioned: bool = False
    cookie_max_age: Duration = Field(
        default=0.0,
        description="that clients keep it; 0 until their session ends",
        examples=["30d"],
    )
    timeout: Duration = Field(
        default=0.0,
        description="since its last use, until it is not believed any more; 0 for no end",
        examples=["8h"],
    )
    max_age: Duration | None = Field(
        default=None,
        gt=0,
        description="the same since the client was given to its server; else for ever",
        examples=["30d"],
    )
    secret: SecretSetting | None = None
    previous_secret: SecretSetting | None = Field(
        default=None, examples=[{"env": "PREVIOUS_PASSWORD"}]
    )
    rotate: Duration = Field(
        default=604800.0,
        description="after it another key, derived from the secret, signs; 0 for never",
        examples=["30d"],
    )
    caches: Literal["private", "no_store", "untouched"] = "private"
    strip: bool = False


def make(settings: ActiveCookieSettings, surroundings: Surroundings) -> ActiveCookie:
    """A persistence for one pool. Raises ValueError for settings that cannot work together."""
    needs_http("active_cookie", surroundings)
    if 0 < settings.rotate < settings.timeout * 2:
        raise Misfit(
            "a cookie would outlive the key that has signed it",
            "make `rotate` at least twice as long as `timeout`, or 0",
            ["rotate"],
        )
    inserted = _inserted(settings, surroundings.pool)
    warnings: tuple[str, ...] = ()
    secret: bytes | Callable[[], bytes]
    if settings.secret is None:
        if settings.previous_secret is not None:
            raise Misfit("`previous_secret` without `secret`", "give both", ["previous_secret"])
        folder = surroundings.state_dir
        if folder is not None:
            secret = partial(kept_secret, folder)
        else:
            secret = secrets.token_bytes(32)
            warnings = (
                "active_cookie has no `secret`, and there is no `state_dir` to keep one: it is made"
                " anew at each start, and all clients lose their server then",
            )
    else:
        secret = _revealed(settings.secret, "secret", surroundings)
    previous = b""
    if settings.previous_secret is not None:
        previous = _revealed(settings.previous_secret, "previous_secret", surroundings)
    tokens = Tokens(secret, surroundings.pool, settings.rotate, previous)
    max_age = settings.max_age or 0.0
    return ActiveCookie(tokens, inserted, settings.timeout, max_age, warnings=warnings)


def _inserted(settings: ActiveCookieSettings, pool: str) -> Inserted:
    # Pools of one site must not overwrite each other's cookie; their names are nobody's business.
    name = settings.cookie or f"pointsman-{blake2b(pool.encode(), digest_size=4).hexdigest()}"
    secure = settings.secure
    if secure is not True:
        _check_insecure(name, settings)
    if name.startswith("__Host-") and (settings.path != "/" or settings.domain):
        raise Misfit(
            "clients take a cookie called __Host-... with path / and without domain only",
            "call it otherwise",
            ["cookie"],
        )
    attributes = f"; Path={settings.path}"
    if settings.domain:
        attributes += f"; Domain={settings.domain}"
    if settings.cookie_max_age:
        attributes += f"; Max-Age={int(settings.cookie_max_age)}"
    if settings.http_only:
        attributes += "; HttpOnly"
    if settings.same_site:
        attributes += f"; SameSite={settings.same_site.capitalize()}"
    if settings.partitioned:
        attributes += "; Partitioned"
    return Inserted(
        name.encode(),
        attributes.encode(),
        None if secure == "auto" else bool(secure),
        settings.caches,
        settings.strip,
    )


def _check_insecure(name: str, settings: ActiveCookieSettings) -> None:
    """Clients drop some cookies that are not Secure."""
    hint = "write `secure: true`"
    for prefix in ("__Host-", "__Secure-"):
        if name.startswith(prefix):
            raise Misfit(
                f"clients drop a cookie called {prefix}... without Secure", hint, ["cookie"]
            )
    if settings.same_site == "none":
        raise Misfit("clients drop a cookie of SameSite=None without Secure", hint, ["same_site"])
    if settings.partitioned:
        raise Misfit("clients drop a partitioned cookie without Secure", hint, ["partitioned"])


def _revealed(secret: Secret, key: str, surroundings: Surroundings) -> bytes:
    try:
        text = secret.reveal(surroundings.folder([key]))
    except ValueError as error:
        raise Misfit(str(error), at=[key]) from None
    if len(text) < SHORTEST_SECRET:
        raise Misfit(
            f"a secret of {len(text)} characters can be guessed",
            f"take {SHORTEST_SECRET} or more, such as from `openssl rand -base64 32`",
            [key],
        )
    return text.encode()


OFFER = Offer(ActiveCookieSettings, make, "A client belongs to the server in a cookie of ours.")
