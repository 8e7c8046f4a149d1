"""TLS for checks: as the service does it that uses the pool, or with settings of their own."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from pointsman.contracts import Misfit, OverTls, Settings, Surroundings, Written
from pointsman.contracts.tls import TlsUpstreamSide
from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead
from pointsman.model.server import RealServer

# The TLS mode whose side toward servers is used, and the key of its settings.
MODE = "originate"
UPSTREAM = "upstream"

UNVERIFIED = {"verify": "none"}


TlsChoice = Annotated[
    bool | dict[str, Any], Written("`true`, `false`, or a mapping with the keys of `tls.upstream`")
]


class TlsOption(Settings):
    """What every check over a stream can be told of TLS."""

    tls: TlsChoice = Field(
        default=False,
        description="speak TLS: true, or how, with the keys of `upstream` of a TLS mode",
        examples=[{"verify": "system"}],
    )


@dataclass(slots=True)
class Asked:
    """What a side toward servers is told of the work that a connection is for."""

    connection: ConnectionFacts
    request: RequestHead | None
    client_ip: str = ""
    kept: object = None
    memory: dict[object, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Encryption:
    """How a check speaks TLS.

    Attributes:
        side: puts it on. Sides are made once for equal settings, so equal checks are equal.
        host: the name that is asked for where the side asks for that of the request.
        words: for people, such as "its certificate is not verified"; may be empty.
    """

    side: TlsUpstreamSide
    host: str = ""
    words: str = field(default="", compare=False)

    def over(self, server: RealServer) -> OverTls:
        """What probes of that server travel on."""
        host = self.host or server.address.host
        request = RequestHead(b"GET", b"/", host=host.encode("ascii", "replace"))
        key: Hashable = self.side.key(
            server, Asked(ConnectionFacts("", 0, "", 0, server_name=host), request)
        )
        return OverTls(self.side, key)


@dataclass(frozen=True)
class StreamCheck:
    """The part of a check over a stream that deals with TLS.

    Attributes:
        tls: how, None for plain bytes.
    """

    tls: Encryption | None

    def over(self, server: RealServer) -> OverTls | None:
        """What probes of that server travel on."""
        return self.tls.over(server) if self.tls is not None else None

    def with_tls(self, words: str) -> str:
        """The check in words, with what is worth knowing of its TLS."""
        if self.tls is None:
            return words
        return f"{words}, TLS, {self.tls.words}" if self.tls.words else f"{words}, TLS"


def encryption(
    setting: bool | dict[str, Any], surroundings: Surroundings, host: str = ""
) -> Encryption | None:
    """What ``tls:`` means in that place.

    Args:
        setting: as written.
        surroundings: of the check.
        host: the name to ask for if the settings name none; may be an address.

    Raises:
        Misfit: it cannot be; says where.
    """
    if setting is False:
        return None
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = "" if name.startswith("[") or name.replace(".", "").isdigit() else name
    if setting is True and surroundings.upstream is not None:
        return Encryption(surroundings.upstream, name, "as its service does")
    options: dict[str, Any] = dict(UNVERIFIED) if setting is True else dict(setting)
    words = "" if options.get("verify") != "none" or options.get("pin") else "not verified"
    if name:
        options.setdefault("sni", name)
    if surroundings.make_tls_mode is None:
        raise Misfit("there is no TLS in this place", at=("tls",))
    try:
        mode = surroundings.make_tls_mode(MODE, {UPSTREAM: options})
    except Misfit as misfit:
        at = misfit.at[1:] if misfit.at[:1] == (UPSTREAM,) else misfit.at
        raise Misfit(str(misfit), misfit.hint, ("tls", *at)) from None
    if mode.upstream is None:
        raise Misfit(f"the TLS mode {MODE!r} has no side toward servers", at=("tls",))
    return Encryption(mode.upstream, name, words)
