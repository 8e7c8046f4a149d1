"""Offers: how a plugin hands something over under a name, and what its makers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from pointsman.contracts.persistence import Table
from pointsman.contracts.settings import Settings
from pointsman.contracts.tls import TlsMode, TlsUpstreamSide
from pointsman.contracts.values import Values
from pointsman.model.server import RealServer

S = TypeVar("S", bound=Settings, contravariant=True)
T = TypeVar("T", covariant=True)


class Maker(Protocol[S, T]):
    """Makes the object for one use in the configuration out of its settings."""

    def __call__(self, settings: S, surroundings: Surroundings, /) -> T:
        """The object. Raises ValueError for settings that cannot work together."""


def _nowhere(at: Sequence[str | int]) -> Path:
    return Path()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a maker may know of the place where its product will be used.

    Attributes:
        pool: name of the pool.
        mode: "http" or "tcp", the mode of the services that use it; "" if none does yet.
        make_table: a table by its kind and options, for persistences that need one; the kind ""
            is the default of this place.
        service: name of the virtual service, for TLS modes.
        hosts: addresses on which it listens, likewise.
        servers: the real servers of its pool, likewise.
        make_tls_mode: a TLS mode by its name and options, for health checks.
        upstream: who puts TLS on toward these servers for a service, likewise; None if nobody.
        sections: what plugins made of the top-level sections that they offer, by section name.
        folder: where a relative path begins that is written under these keys of the settings:
            beside its file.
        places: for rulebooks: where the entries of this kind stand among all rules.
        state_dir: folder for what is kept over a restart, None if the configuration names none.
            It may not be there before the site begins to work.
    """

    pool: str = ""
    mode: str = ""
    make_table: Callable[[str, Mapping[str, Any]], Table] | None = field(
        default=None, compare=False
    )
    service: str = ""
    hosts: tuple[str, ...] = ()
    servers: tuple[RealServer, ...] = ()
    make_tls_mode: Callable[[str, Mapping[str, Any]], TlsMode] | None = field(
        default=None, compare=False
    )
    upstream: TlsUpstreamSide | None = field(default=None, compare=False)
    sections: Mapping[str, Any] = field(default_factory=dict, compare=False)
    folder: Callable[[Sequence[str | int]], Path] = field(default=_nowhere, compare=False)
    state_dir: Path | None = None
    places: tuple[int, ...] = ()


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
    """One thing that a plugin offers under a name.

    Attributes:
        settings: the model of its options.
        make: its maker.
        doc: one line for people.
        ports: for health checks: it is the check for servers on these ports if none is named.
        values: for tables: makes ``contracts.values.Values`` of the same settings; ``pool`` of its
            surroundings is their name. None if the table can keep pins only.
    """

    settings: type[Settings]
    make: Callable[[Any, Surroundings], Any]
    doc: str = ""
    ports: tuple[int, ...] = ()
    values: Callable[[Any, Surroundings], Any] | None = None


class SectionPlace(Protocol):
    """Where a section stands, and whom to tell what is wrong with it."""

    @property
    def made(self) -> Mapping[str, Any]:
        """What was made of the sections before it, by name."""

    @property
    def before(self) -> Any:
        """What this section became in the configuration at work; None if there is none.

        It may be given back if nothing has changed, or be handed on what it remembers; nothing
        of it may be changed: the new configuration may still be refused.
        """

    def folder(self, at: Sequence[str | int] = ()) -> Path:
        """Where a relative path begins that is written under these keys: beside its file."""

    def make_values(
        self, name: str, kind: str, options: Mapping[str, Any], at: Sequence[str | int]
    ) -> Values | None:
        """Values in a table that plugins offer; the framework starts and closes it.

        After a reload they are the same as before, if they are kept in the same way.

        Args:
            name: of the values; there are others under the same name elsewhere, and on a shared
                server they are these.
            kind: of the table, such as "lmdb".
            options: of the table, as they are written.
            at: keys of the section under which kind and options stand.

        Returns:
            None once it is told what is wrong with it.
        """

    def error(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        """Something is wrong under these keys of the section: the configuration is refused."""

    def warn(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        """Something is hardly meant there; the configuration is used."""


@runtime_checkable
class Comparable(Protocol):
    """What a section becomes, if it can say on a reload what has changed in it.

    Two that are equal (``==``) do the same: what was made with the one is not made anew for the
    other. What has no ``__eq__`` of its own counts as changed with every reload.
    """

    def changed_from(self, before: Any, /) -> Sequence[str]:
        """One sentence for each thing that is not as in ``before``, settings left out.

        Such as what stands in a file that has not changed its name.
        """


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
