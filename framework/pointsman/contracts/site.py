"""How a command of a plugin reads a configuration: `obj` of its click context is a SiteReader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class SiteView(NamedTuple):
    """A configuration as it was read, nothing of it at work.

    Attributes:
        document: everything as it was written, in plain values, files that it includes merged in.
        sections: what plugins made of the top-level sections that they offer, by name.
        warnings: what may be used but is hardly meant, with its place.
    """

    document: Mapping[str, Any]
    sections: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


class SiteReader(Protocol):
    """Reads a configuration for a command."""

    def __call__(self, path: str, /) -> SiteView:
        """Read the file of that path.

        Raises:
            pointsman.model.errors.ConfigError: with all problems that were found.
        """
