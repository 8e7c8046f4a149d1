"""Lists of rules: sets, prefixes, suffixes, networks and maps, from a file or written in place.

A file is read anew when it has changed; what was read is put in place of the old one at once, and
a file that cannot be read leaves the old one where it is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import Field, model_validator
from twisted.logger import Logger

from pointsman.contracts import Duration, SectionPlace, Settings
from pointsman_rules.rule_tables import numbered

Problem = tuple[None, str]
LARGEST = 64 << 20  # bytes of a file


class ListSettings(Settings):
    """One list.

    Attributes:
        kind: set (whole texts), prefix, suffix, cidr (networks, which may have a value), map (a
            key and its value).
        file: one entry a line, # begins a comment; a value follows the first blank.
        values: entries written in place; of a map "key value".
        interval: how often it is looked whether the file has changed.
        ignore_case: whether A and a are the same.
    """

    kind: Literal["set", "prefix", "suffix", "cidr", "map"] = "set"
    file: str | None = Field(default=None, examples=["countries.txt"])
    values: list[str] = Field(default_factory=list, examples=[["DE europe", "US america"]])
    interval: Duration = Field(default=5.0, gt=0)
    ignore_case: bool = False

    @model_validator(mode="after")
    def _somewhere(self) -> ListSettings:
        if self.file is None and not self.values:
            raise ValueError("a list needs `file` or `values`")
        return self


class Lookup(Protocol):
    """Entries that were read: found by a text."""

    def __call__(self, text: str, /) -> str | None:
        """The value of the entry that fits best ("" if entries have none), or None."""


class _Networks:
    """Networks by their length: the longest that holds an address wins."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        tables: dict[tuple[int, int], dict[int, str]] = {}
        for text, value in entries.items():
            network = ipaddress.ip_network(text, strict=False)
            shift = network.max_prefixlen - network.prefixlen
            table = tables.setdefault((network.version, shift), {})
            table[int(network.network_address) >> shift] = value
        self._tables = sorted(tables.items(), key=lambda pair: pair[0][1])

    def __call__(self, text: str) -> str | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            address = mapped
        number, version = int(address), address.version
        for (of, shift), table in self._tables:
            if of == version:
                found = table.get(number >> shift)
                if found is not None:
                    return found
        return None


def _longest(entries: Mapping[str, str], at_end: bool) -> Lookup:
    """Entries that begin or end a text, by their lengths, the longest first."""
    lengths = sorted({len(entry) for entry in entries}, reverse=True)

    def find(text: str) -> str | None:
        for length in lengths:
            if length <= len(text):
                part = text[len(text) - length :] if at_end else text[:length]
                found = entries.get(part)
                if found is not None:
                    return found
        return None

    return find


def lookup(kind: str, lines: Iterable[str], ignore_case: bool) -> tuple[Lookup, int]:
    """What was read, and how many entries it has.

    Raises:
        ValueError: an entry is no network; says which line.
    """
    entries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        key, _, value = text.partition(" ") if kind in ("map", "cidr") else (text, "", "")
        if kind == "cidr":
            try:
                ipaddress.ip_network(key, strict=False)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
        entries[key.lower() if ignore_case else key] = value.strip()
    if kind == "cidr":
        return _Networks(entries), len(entries)
    find: Lookup = entries.get
    if kind in ("prefix", "suffix"):
        find = _longest(entries, kind == "suffix")
    if ignore_case:
        return (lambda text: find(text.lower())), len(entries)
    return find, len(entries)


class RuleList:
    """One list, kept up with its file."""

    log = Logger()

    def __init__(self, name: str, settings: ListSettings, path: Path | None) -> None:
        self.name = name
        self._settings = settings
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._due = 0.0
        self._find: Lookup = lambda text: None
        self.size = 0

    def read(self) -> None:
        """Read it.

        Raises:
            ValueError: the file cannot be read, or an entry is wrong.
        """
        lines = list(self._settings.values)
        path = self._path
        if path is not None:
            try:
                told = path.stat()
                if told.st_size > LARGEST:
                    raise ValueError(f"{path} is larger than {LARGEST >> 20} MiB")
                lines += path.read_text("utf-8").splitlines()
            except OSError as error:
                raise ValueError(f"cannot read {path}: {error.strerror}") from None
            except UnicodeDecodeError:
                raise ValueError(f"{path} is not UTF-8 text") from None
            self._seen = (told.st_mtime_ns, told.st_ino)
        # Rules have bytes, as latin-1: an entry is compared as its UTF-8 bytes.
        told_bytes = [line.encode("utf-8").decode("latin-1") for line in lines]
        find, size = lookup(self._settings.kind, told_bytes, self._settings.ignore_case)
        self._find, self.size = find, size

    def is_like(self, other: RuleList) -> bool:
        """Whether the other one has read the same."""
        return (self._settings, self._path, self._seen) == (
            other._settings,
            other._path,
            other._seen,
        )

    def refresh(self, now: float) -> bool:
        """Read it anew if its file has changed and its time has come; whether it was read."""
        if self._path is None or now < self._due:
            return False
        self._due = now + self._settings.interval
        try:
            told = self._path.stat()
            if (told.st_mtime_ns, told.st_ino) == self._seen:
                return False
            self.read()
        except (OSError, ValueError) as error:
            self._seen = (0, 0)
            self.log.warn("list {name} stays as it was: {error}", name=self.name, error=error)
            return False
        self.log.info("list {name} was read anew: {size} entries", name=self.name, size=self.size)
        return True

    def get(self, text: str) -> str | None:
        """The value of the entry that fits best, "" if it has none; None if none fits."""
        return self._find(text)


class ListFunctions:
    """What the prelude calls about lists: by a number, never by an object.

    Attributes:
        asked: the names that rules have asked for.
    """

    def __init__(self, lists: Mapping[str, RuleList]) -> None:
        self._names: dict[str, int] = {}
        self.asked: set[str] = set()
        self._lists: list[RuleList] = []
        self.change(lists)

    def change(self, lists: Mapping[str, RuleList]) -> None:
        """There are these lists from now on; those of the same name keep their numbers."""
        numbered(lists, self._names, self._lists)

    def number(self, name: str) -> int | Problem:
        """The number of a list."""
        self.asked.add(name)
        known = self._names.get(name)
        if known is not None:
            return known
        there = ", ".join(self._names) or "none"
        return None, f"there is no list '{name}' under lists; there: {there}"

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What the prelude calls, by name."""
        lists = self._lists
        return {
            "list_id": self.number,
            "list_has": lambda at, text: lists[at].get(text) is not None,
            "list_get": lambda at, text: lists[at].get(text),
            "list_size": lambda at: lists[at].size,
        }


def make_lists(settings: Mapping[str, ListSettings], place: SectionPlace) -> Mapping[str, RuleList]:
    """The lists under ``lists``, read; one of which nothing has changed is the same as before."""
    before: Mapping[str, RuleList] = place.before or {}
    made: dict[str, RuleList] = {}
    for name, one in settings.items():
        path = None if one.file is None else place.folder((name, "file")) / one.file
        made[name] = RuleList(name, one, path)
        try:
            made[name].read()
        except ValueError as error:
            place.error(str(error), at=(name, "file" if one.file is not None else "values"))
        there = before.get(name)
        if there is not None and there.is_like(made[name]):
            made[name] = there
    return made
