"""Written units: ``9s``, ``20m``, ``64KiB`` to numbers and back."""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE: Final = re.compile(r"([0-9]+)(B|KiB|MiB|GiB|kB|MB|GB)")
_BYTES: Final = {
    "B": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
}


def parse_duration(text: str) -> float:
    """Seconds of ``250ms``, ``9s``, ``1.5h``, ``1m30s``; ``0`` needs no unit.

    Raises:
        ValueError: for anything else, with an example of what is right.
    """
    if text == "0":
        return 0.0
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError(f"expected a duration with its unit, like 9s, 20m or 250ms, got {text!r}")
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def parse_size(text: str) -> int:
    """Bytes of ``512B``, ``64KiB``, ``10MB``; ``0`` needs no unit.

    Raises:
        ValueError: for anything else, with an example of what is right.
    """
    if text == "0":
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a size with its unit, like 64KiB or 10MB, got {text!r}")
    return int(match[1]) * _BYTES[match[2]]


def format_duration(seconds: float) -> str:
    """The shortest exact writing of a duration: 1200 -> ``20m``, 0.25 -> ``250ms``."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds * 1000:g}ms" if seconds else "0"


def format_size(size: int) -> str:
    """The shortest exact writing of a size in binary units: 65536 -> ``64KiB``."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return f"{size}B" if size else "0"
