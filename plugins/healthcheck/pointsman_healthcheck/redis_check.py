"""A Redis check: PING is answered by PONG, and if wanted the server has the right role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from pointsman.contracts import Misfit, SecretSetting, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.dialogue import Dialogue, Reply, Talk, exactly, line, shown
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption
from pointsman_healthcheck.setting_types import revealed

_LONGEST = 4096  # bytes of one string in an answer that are still read
_NEEDS_PASSWORD = b"-NOAUTH"

# What ROLE says of itself, by the word used in the configuration.
_ROLES = {b"master": "master", b"slave": "replica", b"sentinel": "sentinel"}


class RedisSettings(TlsOption):
    """Who asks, and which role is wanted."""

    user: str = Field(
        default="",
        description="name for AUTH; else the default user of Redis",
        examples=["pointsman"],
    )
    password: SecretSetting | None = Field(default=None, description="for AUTH")
    role: Literal["any", "master", "replica"] = Field(
        default="any", description="the role that the server must have"
    )


@dataclass(frozen=True)
class RedisCheck(StreamCheck):
    """Speaks RESP, the protocol of Redis, Valkey and KeyDB."""

    user: str
    password: str
    role: str

    @property
    def describes(self) -> str:
        """The check in a few words."""
        role = "" if self.role == "any" else f", role {self.role}"
        return self.with_tls(f"Redis PING{role}")

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The password."""
        return (self.password.encode(),) if self.password else ()

    def __repr__(self) -> str:  # never the password
        return f"RedisCheck({self.describes})"

    def probe(self, server: RealServer) -> Dialogue:
        """One attempt."""
        return Dialogue(self._talk())

    def _talk(self) -> Talk:
        if self.password:
            names = [self.user] if self.user else []
            said = yield from line(_command("AUTH", *names, self.password))
            if said != b"+OK":
                return _wrong(said, "the right user and password")
        said = yield from line(_command("PING"))
        if said.startswith(_NEEDS_PASSWORD) and self.role == "any":
            # As a 401 is: it is there, and asks who we are.
            return Verdict(True, f"it asks for a password: {shown(said)}")
        if said != b"+PONG":
            return _wrong(said, "the answer +PONG")
        if self.role == "any":
            return Verdict(True, "+PONG")
        role = yield from self._heard_role()
        if _ROLES.get(role) == self.role:
            return Verdict(True, f"+PONG, role {self.role}")
        remedy = f"a server whose ROLE is {self.role}, or another `role`"
        found = _ROLES.get(role) or shown(role)
        return Verdict(False, f"its role is {found}, not {self.role}", remedy)

    def _heard_role(self) -> Reply:
        """The first string of an array; whatever else comes is returned as it is."""
        said = yield from line(_command("ROLE"))
        if not said.startswith(b"*"):
            return said
        said = yield from line()
        size = said[1:]
        if not said.startswith(b"$") or not size.isdigit() or not 0 < int(size[:9]) <= _LONGEST:
            return said
        return (yield from exactly(int(size[:9])))


def _wrong(said: bytes, remedy: str) -> Verdict:
    if said[:1] not in (b"-", b"+"):
        return Verdict(False, f"not Redis: {shown(said)}", remedy)
    return Verdict(False, f"it answers {shown(said)}", remedy)


def _command(*words: str) -> bytes:
    """An array of strings, as RESP wants it."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def make(settings: RedisSettings, surroundings: Surroundings, /) -> RedisCheck:
    """The check that these settings describe."""
    if settings.user and settings.password is None:
        raise Misfit("a user needs a password", "set `password`", ("user",))
    password = revealed(settings.password, surroundings, "password")
    tls = encryption(settings.tls, surroundings)
    return RedisCheck(tls, settings.user, password, settings.role)
