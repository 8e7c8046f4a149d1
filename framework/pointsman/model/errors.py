"""Errors know their side: configuration, plugin, client or upstream."""

from __future__ import annotations

import errno as numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Failures that are our machine's fault and say nothing about the server.
OURS: Final = frozenset(
    (numbers.EMFILE, numbers.ENFILE, numbers.ENOBUFS, numbers.ENOMEM, numbers.EADDRNOTAVAIL)
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a configuration.

    Attributes:
        file: path as the user gave it.
        line: 1-based line; 0 when the whole file is meant.
        column: 1-based column; 0 likewise.
        key: dotted path of the offending key, such as ``pools.web.servers.a``.
        message: what is wrong and what was expected.
        hint: what to do about it, may be empty.
    """

    file: str
    line: int
    column: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        key = f"{self.key}: " if self.key else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {key}{self.message}{hint}"


class PointsmanError(Exception):
    """The root of all errors that pointsman raises on purpose."""


class ConfigError(PointsmanError):
    """A configuration that cannot be used; carries every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class PluginError(PointsmanError):
    """A plugin that cannot be loaded or used; names it and its distribution."""

    def __init__(self, plugin: str, distribution: str, message: str) -> None:
        super().__init__(f"plugin {plugin!r} of {distribution}: {message}")
        self.plugin = plugin
        self.distribution = distribution


class TableError(PointsmanError):
    """A table of pins that cannot be used; says where it is, what is wrong and what to do."""


class ReloadError(PointsmanError):
    """A change of the running configuration that cannot be made now; says why. Nothing changed."""


class OperatingError(PointsmanError):
    """What an operator wants cannot be: says why and what could be. Nothing has changed."""


class UnknownNameError(OperatingError):
    """An operator has named what is not there, or what several things are called."""


class ClientError(PointsmanError):
    """The client's bytes are at fault; ``status`` is what to answer before closing."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UpstreamError(PointsmanError):
    """The real server's bytes, or their absence, are at fault.

    Attributes:
        phase: "connect", "request", "response" or "body".
        retryable: whether another server may be tried, as far as this error can know.
        errno: number of the operating system's error, ETIMEDOUT when we did not wait longer, or 0.
    """

    def __init__(
        self, phase: str, message: str, *, retryable: bool = False, errno: int = 0
    ) -> None:
        super().__init__(message)
        self.errno = errno
        self.phase = phase
        self.retryable = retryable

    @property
    def is_ours(self) -> bool:
        """Whether this machine is short of something: it says nothing about the server."""
        return self.errno in OURS
