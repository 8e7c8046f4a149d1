"""What a plugin hands over: the few shapes that the framework asks of it, and their settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationInfo

from pointsman.model.connection import ConnectionFacts
from pointsman.model.message import RequestHead, ResponseHead
from pointsman.model.server import RealServer
from pointsman.model.units import parse_duration, parse_size


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, defaults checked as well."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if type(value) is float or (value == 0 and not isinstance(value, bool)):
        return value  # a default written in Python, in seconds (in YAML it would be a subclass)
    raise ValueError(f"expected a duration with its unit, like 9s, 20m or 250ms, got {value!r}")


def _size(value: object) -> object:
    if isinstance(value, str):
        return parse_size(value)
    if value == 0 and not isinstance(value, bool):
        return 0
    raise ValueError(f"expected a size with its unit, like 64KiB or 10MB, got {value!r}")


# Written "9s" in YAML, seconds as float in Python; a default is written as a float or a string.
Duration = Annotated[float, BeforeValidator(_duration, json_schema_input_type=str | Literal[0])]
# Written "64KiB" in YAML, bytes as int in Python; a default is written as a string.
Size = Annotated[int, BeforeValidator(_size, json_schema_input_type=str | Literal[0])]


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password is found. It is read when it is needed, and never shown.

    Attributes:
        env: name of an environment variable, or
        file: path of a file that holds it and nothing else; a newline at its end is not part of it.
        environ: where variables are looked up.
    """

    env: str = ""
    file: str = ""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def reveal(self, folder: Path) -> str:
        """The secret itself; a relative path of its file begins at ``folder``.

        Raises:
            ValueError: there is no such variable, or the file cannot be read.
        """
        if self.env:
            found = self.environ.get(self.env)
            if found is None:
                raise ValueError(f"the environment variable {self.env} is not set")
            return found
        try:
            text = (folder / self.file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ValueError(f"cannot read the secret in {self.file}: {told}") from None
        return text.removesuffix("\n").removesuffix("\r")


def _secret(value: object, info: ValidationInfo) -> Secret:
    # Whatever stands here instead may be the password itself: no message quotes it.
    if not isinstance(value, Mapping) or len(value) != 1 or not {*value} <= {"env", "file"}:
        raise ValueError("a secret is never written here: expected {env: NAME} or {file: PATH}")
    ((kind, target),) = value.items()
    if not isinstance(target, str) or not target or not target.isprintable():
        raise ValueError(f"{kind} needs a name" if kind == "env" else f"{kind} needs a path")
    environ = getattr(info.context, "environ", os.environ)
    return Secret(target, "", environ) if kind == "env" else Secret("", target, environ)


# Written {env: NAME} or {file: PATH} in YAML.
SecretSetting = Annotated[
    Secret, PlainValidator(_secret, json_schema_input_type=dict[Literal["env", "file"], str])
]

S = TypeVar("S", bound=Settings, contravariant=True)
T = TypeVar("T", covariant=True)


class Arrival(Protocol):
    """New work that needs a member: a request in http mode, a connection in tcp mode.

    Attributes:
        client_ip: the client's address as text, the real one behind trusted proxies.
        connection: the fixed facts of the connection it came by.
        request: the head of the request, None in tcp mode.
    """

    @property
    def client_ip(self) -> str: ...
    @property
    def connection(self) -> ConnectionFacts: ...
    @property
    def request(self) -> RequestHead | None: ...


class Candidate(Protocol):
    """What a scheduler may know of a member that can take new work now.

    Attributes:
        name: unique in its pool, stable over reloads.
        weight: the share it should get now, 1..65535 (slow start and agents lower it).
        active: exchanges and tunnels it is working on, those being connected included.
        tunnels: how many of these are tunnels (tcp mode, WebSocket).
        server: its fixed identity.
    """

    @property
    def name(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def active(self) -> int: ...
    @property
    def tunnels(self) -> int: ...
    @property
    def server(self) -> RealServer: ...


class Scheduler(Protocol):
    """Picks a member for new work. One object per pool, called on the hot path: no I/O, no waiting."""

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        """One of ``candidates`` (never empty, in the order of the configuration).

        The same tuple object comes again and again until a member's state or weight changes, so
        what was computed for it may be kept; a retry passes a tuple without the failed members.
        """

    def keep(self, names: Sequence[str]) -> None:
        """Forget what was remembered of members not named; cursors of the others stay."""

    @property
    def wants_first_byte(self) -> bool:
        """Whether ``first_byte`` is to be called."""

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        """A response of that member began ``seconds`` after its request was sent."""


@dataclass(slots=True)
class Pin:
    """One remembered client: where it belongs, and since when.

    Attributes:
        member: name of the member.
        made: when it was made, seconds of the table's clock.
        used: when it was last used, likewise; its timeout runs from here.
    """

    member: str
    made: float
    used: float


class Table(Protocol):
    """Remembers pins by key. Times are monotonic seconds that the caller passes in."""

    def find(self, key: bytes, now: float) -> Pin | None:
        """The live pin of that key, its use noted, or None."""

    def put(self, key: bytes, member: str, now: float) -> None:
        """Pin a key to a member, replacing what was there; the oldest may be evicted."""

    def drop(self, key: bytes) -> None:
        """Forget a key; an unknown one is fine."""

    def expire(self, now: float) -> int:
        """Forget what is over its time; how many that was. Called about once a second."""

    def __len__(self) -> int: ...

    def close(self) -> None:
        """Let go of files and connections."""


class Persistence(Protocol):
    """Tells which member a client belongs to. One object per pool, called on the hot path."""

    def find(self, arrival: Arrival, now: float) -> str | None:
        """Name of the member it is pinned to, or None; the pin's use is noted."""

    def bind(self, arrival: Arrival, member: str, now: float) -> None:
        """Remember that this client now belongs to ``member``."""

    def forget(self, arrival: Arrival) -> None:
        """The pinned member cannot be used any more: drop the pin."""

    @property
    def wants_response(self) -> bool:
        """Whether ``response`` is to be called."""

    def response(self, arrival: Arrival, head: ResponseHead, member: str, now: float) -> None:
        """A response head passes, before the client sees it; its headers may be changed."""

    @property
    def table(self) -> Table | None:
        """The table its pins are in, None if it needs none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found out.

    Attributes:
        up: whether the server may take traffic.
        reason: in words, such as "403 not among accepted 200-299, 301, 302, 401".
    """

    up: bool
    reason: str


class Probe(Protocol):
    """One running attempt, without I/O: it gives bytes and judges bytes."""

    def start(self) -> bytes:
        """What to send once connected; b"" sends nothing."""

    def receive(self, data: bytes) -> Verdict | None:
        """Bytes came; a verdict ends the attempt, None waits for more."""

    def closed(self) -> Verdict:
        """The server closed before a verdict was reached."""


class HealthCheck(Protocol):
    """What is configured to find out whether a server is up: it makes probes.

    A connection that is refused, cannot be made or stays silent is judged by the framework.
    """

    def probe(self, server: RealServer) -> Probe | None:
        """A probe for one attempt; None if being connected is all that was asked."""

    @property
    def describes(self) -> str:
        """The check in a few words, such as "HEAD /abs/handler"."""


class Maker(Protocol[S, T]):
    """Makes the object for one use in the configuration out of its settings."""

    def __call__(self, settings: S, surroundings: Surroundings, /) -> T:
        """The object. Raises ValueError for settings that cannot work together."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a maker may know of the place where its product will be used.

    Attributes:
        pool: name of the pool.
        mode: "http" or "tcp", the mode of the services that use it; "" if none does yet.
        make_table: a table by its kind and options, for persistences that need one.
        service: name of the virtual service, for TLS modes.
        hosts: addresses on which it listens, likewise.
        servers: the real servers of its pool, likewise.
        sections: what plugins made of the top-level sections that they offer, by section name.
    """

    pool: str = ""
    mode: str = ""
    make_table: Callable[[str, Mapping[str, Any]], Table] | None = field(
        default=None, compare=False
    )
    service: str = ""
    hosts: tuple[str, ...] = ()
    servers: tuple[RealServer, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict, compare=False)


class Misfit(ValueError):
    """Settings that cannot work together; for makers that know which key is at fault.

    Attributes:
        at: the keys below the settings that lead to it.
        hint: what to do about it, may be empty.
    """

    def __init__(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.at = tuple(at)
        self.hint = hint


class Offer(NamedTuple):
    """One thing that a plugin offers under a name: the model of its settings and its maker."""

    settings: type[Settings]
    make: Callable[[Any, Surroundings], Any]
    doc: str = ""


class SectionPlace(Protocol):
    """Where a section stands, and whom to tell what is wrong with it."""

    @property
    def made(self) -> Mapping[str, Any]:
        """What was made of the sections before it, by name."""

    def folder(self, at: Sequence[str | int] = ()) -> Path:
        """Where a relative path begins that is written under these keys: beside its file."""

    def error(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        """Something is wrong under these keys of the section: the configuration is refused."""

    def warn(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        """Something is hardly meant there; the configuration is used."""


class Section(NamedTuple):
    """A top-level section of the configuration that a plugin offers under its name.

    Attributes:
        settings: its type, such as ``dict[str, SomeSettings]``; what is not written is ``{}``.
        make: makes of its settings what ``Surroundings.sections`` and ``SectionPlace.made`` hold.
            It is called on every load, also if nothing is written, in the order of the offers.
        doc: one line for people.
    """

    settings: Any
    make: Callable[[Any, SectionPlace], Any]
    doc: str = ""
