"""A small plugin, so that the configuration is tested without the plugins in the box."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from pointsman.config.registry import Registry
from pointsman.contracts import (
    Arrival,
    Candidate,
    Duration,
    Offer,
    Persistence,
    Pin,
    Settings,
    Size,
    Surroundings,
    Table,
)
from pointsman.hookspecs import hookimpl
from pointsman.model.server import RealServer


class FirstSettings(Settings):
    """Always the first one."""

    sticky: bool = False


class First:
    wants_first_byte = False

    def __init__(self) -> None:
        self.kept: list[Sequence[str]] = []

    def pick(self, arrival: Arrival, candidates: Sequence[Candidate]) -> Candidate:
        return candidates[0]

    def keep(self, names: Sequence[str]) -> None:
        self.kept.append(tuple(names))

    def first_byte(self, candidate: Candidate, seconds: float) -> None:
        raise AssertionError("it does not want to know")


class Inner(Settings):
    depth: int = Field(default=1, ge=1)


class HashSettings(Settings):
    """Options of several shapes."""

    header: str
    seed: int = Field(default=0, ge=0, le=9)
    most: Size = 0
    inner: Inner = Inner()
    inners: tuple[Inner, ...] = ()


class PinSettings(Settings):
    timeout: Duration = 60.0


class DictTable(Table):
    timeout = 0.0

    def __init__(self, timeout: float, size: int) -> None:
        self.timeout, self.size, self.closed = timeout, size, False
        self.started: list[object] = []

    def start(self, reactor: object) -> None:
        self.started.append(reactor)

    def find(self, key: bytes, now: float) -> Pin | None:
        return None

    def peek(self, key: bytes, now: float) -> Pin | None:
        return None

    def restore(self, key: bytes, pin: Pin) -> None: ...

    def entries(self, now: float) -> Iterator[Sequence[tuple[bytes, Pin]]]:
        return iter(())

    def counts(self) -> Mapping[str, int]:
        return {}

    def put(self, key: bytes, member: str, now: float) -> None: ...

    def drop(self, key: bytes) -> None: ...

    def expire(self, now: float) -> int:
        return 0

    def __len__(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True


class TableSettings(Settings):
    timeout: Duration
    size: int = 100


class Pins(Persistence):
    timeout = 60.0

    def __init__(self, table: Table | None) -> None:
        self._table = table

    @property
    def table(self) -> Table | None:
        return self._table

    def find(self, arrival: Arrival, now: float) -> str | None:
        return None

    def bind(self, arrival: Arrival, member: str, now: float) -> bool:
        return False

    def forget(self, arrival: Arrival) -> None: ...


class CheckSettings(Settings):
    path: str = "/"


class Check:
    def __init__(self, path: str) -> None:
        self.describes = f"GET {path}"

    def probe(self, server: RealServer) -> None:
        return None


def first(settings: FirstSettings, surroundings: Surroundings) -> First:
    return First()


def hashing(settings: HashSettings, surroundings: Surroundings) -> First:
    if surroundings.mode == "tcp":
        raise ValueError("there are no headers in tcp mode")
    return First()


def broken(settings: FirstSettings, surroundings: Surroundings) -> First:
    raise KeyError("oh")


def pins(settings: PinSettings, surroundings: Surroundings) -> Pins:
    assert surroundings.make_table is not None
    return Pins(surroundings.make_table("memory", {"timeout": settings.timeout}))


def no_table(settings: PinSettings, surroundings: Surroundings) -> Pins:
    return Pins(None)


def table(settings: TableSettings, surroundings: Surroundings) -> DictTable:
    if settings.size == 13:
        raise ValueError("13 brings bad luck")
    return DictTable(settings.timeout, settings.size)


def check(settings: CheckSettings, surroundings: Surroundings) -> Check:
    return Check(settings.path)


class Offers:
    """Something of each kind, under the names that are the defaults, and a few more."""

    @hookimpl
    def schedulers(self) -> Mapping[str, Offer]:
        return {
            "round_robin": Offer(FirstSettings, first),
            "hash": Offer(HashSettings, hashing, "by a header"),
            "broken": Offer(FirstSettings, broken),
        }

    @hookimpl
    def persistences(self) -> Mapping[str, Offer]:
        return {"pins": Offer(PinSettings, pins), "bare": Offer(PinSettings, no_table)}

    @hookimpl
    def tables(self) -> Mapping[str, Offer]:
        return {"memory": Offer(TableSettings, table), "other": Offer(TableSettings, table)}

    @hookimpl
    def health_checks(self) -> Mapping[str, Offer]:
        return {
            "tcp": Offer(Settings, no_options),
            "page": Offer(CheckSettings, check, ports=(80,)),
        }


def no_options(settings: Settings, surroundings: Surroundings) -> Check:
    return Check("")


def registry_of(*plugins: object) -> Registry:
    """A registry with these plugins; an event hook that raises fails the test."""

    def report(plugin: str, hook: str, error: Exception) -> None:
        raise AssertionError(f"{hook} of {plugin}") from error

    registry = Registry(report)
    for plugin in plugins or (Offers(),):
        registry.register(plugin)
    return registry
