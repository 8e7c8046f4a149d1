"""Sets of networks, written in place or in files that are read anew when they change."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from twisted.logger import Logger

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_log = Logger()
# However large a file is, it is not read beyond this; bytes.
LARGEST = 64 << 20


def network(text: str) -> Network:
    """A network or a single address.

    Raises:
        ValueError: it is neither.
    """
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        told = f"expected an address or a network like 10.0.0.0/8, got {text!r}"
        raise ValueError(told) from None


class NetworkSet:
    """Whether an address is in one of many networks: one look-up for each length there is."""

    __slots__ = ("_tables",)

    def __init__(self, networks: Iterable[Network]) -> None:
        tables: dict[tuple[int, int], set[int]] = {}
        for each in networks:
            place = (each.version, each.max_prefixlen - each.prefixlen)
            tables.setdefault(place, set()).add(int(each.network_address) >> place[1])
        self._tables = [(version, shift, found) for (version, shift), found in tables.items()]

    def __contains__(self, text: object) -> bool:
        try:
            address = ipaddress.ip_address(str(text))
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        number, version = int(address), address.version
        return any(number >> shift in found for own, shift, found in self._tables if own == version)


class Addresses:
    """Networks in place and in files, as they are now.

    Args:
        networks: written in place.
        files: one network a line; what follows # or ; is a comment.

    Raises:
        ValueError: a file cannot be read, or a line is no network.
    """

    def __init__(self, networks: Sequence[Network], files: Sequence[Path] = ()) -> None:
        self._networks = tuple(networks)
        self._files = tuple(files)
        self._stamps = [_stamp(file) for file in files]
        self.now = NetworkSet([*networks, *(each for file in files for each in _read(file))])

    def __contains__(self, text: object) -> bool:
        return text in self.now

    @property
    def has_files(self) -> bool:
        """Whether ``refresh`` can find something new."""
        return bool(self._files)

    def refresh(self) -> None:
        """Read the files anew if one has changed; what cannot be read leaves all as it is."""
        stamps = [_stamp(file) for file in self._files]
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            found = [each for file in self._files for each in _read(file)]
        except ValueError as error:
            _log.error("addresses stay as they were: {error}", error=error)
            return
        self.now = NetworkSet([*self._networks, *found])
        _log.info("{count} networks were read anew", count=len(found))


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(file: Path) -> list[Network]:
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError(f"{file} is larger than {LARGEST >> 20} MiB")
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(f"cannot read {file}: {why}") from None
    found = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].partition(";")[0].strip()
        if text:
            try:
                found.append(network(text))
            except ValueError as error:
                raise ValueError(f"{file}:{number}: {error}") from None
    return found
