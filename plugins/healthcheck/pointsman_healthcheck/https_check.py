"""An HTTPS check: an HTTP check over TLS, as the service does it or with settings of its own."""

from __future__ import annotations

from pydantic import Field

from pointsman.contracts import Misfit, Surroundings
from pointsman_healthcheck.encryption import TlsChoice
from pointsman_healthcheck.http_check import HttpCheck, HttpSettings
from pointsman_healthcheck.http_check import make as make_http


class HttpsSettings(HttpSettings):
    """As for http; without a word on TLS it is done as the service does it."""

    tls: TlsChoice = Field(
        default=True,
        description="how TLS is spoken, with the keys of `upstream` of a TLS mode",
        examples=[{"verify": "system"}],
    )


def make(settings: HttpsSettings, surroundings: Surroundings, /) -> HttpCheck:
    """The check that these settings describe."""
    if settings.tls is False:
        raise Misfit("https without TLS is http", "use `kind: http`", ("tls",))
    return make_http(settings, surroundings)
