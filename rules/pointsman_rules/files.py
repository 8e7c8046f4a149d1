"""Rule files: what the configuration says of one, and its text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from pointsman.contracts import Settings
from pointsman_rules.limits import Limits, OnError, status_of

LARGEST = 1 << 20  # bytes of a file
LIBRARY = "library/"  # what begins so stands in the library that comes with pointsman


class RuleSettings(Settings):
    """One rule file of a virtual service.

    Attributes:
        file: path, beside the configuration; `library/NAME.lua` is one of the ready rules.
        options: what the rule is told; it declares itself what it takes.
        on_error: `open` goes on as if it had said nothing, `closed` answers 500, or a status.
        limits: stricter ones for the rules of this service.
        shadow: run it, log what it would have done, and change nothing.
    """

    file: str = Field(examples=["library/security_headers.lua"])
    options: dict[str, Any] = Field(default_factory=dict, examples=[{"limit": 600}])
    on_error: OnError = "open"
    limits: Limits | None = Field(default=None, examples=[{"instructions": 50_000}])
    shadow: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sound(self) -> RuleSettings:
        if isinstance(self.on_error, int) and not 400 <= self.on_error <= 599:
            raise ValueError("on_error is open, closed or a status from 400 to 599")
        return self


class RuleFile(NamedTuple):
    """A rule file as it was read.

    Attributes:
        name: as errors show it.
        path: where it stands.
        source: its text.
        options: in JSON, "" for none.
        status: what is answered when it fails, 0 to go on.
        shadow: it changes nothing.
    """

    name: str
    path: Path
    source: bytes
    options: str = ""
    status: int = 0
    shadow: bool = False


def library_folder() -> Path:
    """Where the ready rules stand."""
    return Path(__file__).parent / "library"


def read_rule(settings: RuleSettings, folder: Path) -> RuleFile:
    """The file that an entry names.

    Raises:
        ValueError: it cannot be read; says why.
    """
    written = settings.file
    path = folder / written
    if written.startswith(LIBRARY) and not path.exists():
        path = library_folder() / written.removeprefix(LIBRARY)
    return RuleFile(
        written,
        path,
        read_source(path, written),
        json.dumps(settings.options) if settings.options else "",
        status_of(settings.on_error),
        settings.shadow,
    )


def read_source(path: Path, written: str) -> bytes:
    """The text of a rule file.

    Raises:
        ValueError: it cannot be read; says why.
    """
    try:
        with path.open("rb") as file:
            source = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot read the rule {written}: {error.strerror}") from None
    if len(source) > LARGEST:
        raise ValueError(f"the rule {written} is larger than {LARGEST >> 20} MiB")
    return source


def stamp(path: Path) -> tuple[int, int]:
    """What changes when a file does; zeros if it is not there."""
    try:
        told = path.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_ino


def strictest(default: Limits, entries: list[Limits | None]) -> Limits:
    """The limits of a service: of each the smallest that was written, else the default."""
    told: dict[str, Any] = {}
    for one in entries:
        for key in one.model_fields_set if one is not None else ():
            value = getattr(one, key)
            there = told.get(key, getattr(default, key))
            told[key] = min(value, there) if not isinstance(value, str) else value
    return default.model_copy(update=told)
