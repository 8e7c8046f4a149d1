"""Two virtual services must not listen on one address, nor one on a wildcard over the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from pointsman.config.problems import problem_at
from pointsman.config.schema_service import ServiceSection
from pointsman.config.tree import Path, Positions
from pointsman.model.address import Address
from pointsman.model.errors import Problem

# "*" is every address of both families, the other two are those of one (net/listener.py).
_EVERYTHING = ""
_EVERY_IPV4 = "0.0.0.0"
_EVERY_IPV6 = "::"
_WILD = (_EVERYTHING, _EVERY_IPV4, _EVERY_IPV6)


def clash(one: Address, other: Address) -> bool:
    """Whether the kernel refuses the second of these two, or would share it out unseen."""
    if one.path or other.path:
        return one.path == other.path
    if one.port != other.port or not one.port:
        return False
    hosts = {one.host, other.host}
    if len(hosts) == 1 or _EVERYTHING in hosts:
        return True
    of_ipv6 = [":" in host for host in hosts]
    return (_EVERY_IPV4 in hosts and not any(of_ipv6)) or (_EVERY_IPV6 in hosts and all(of_ipv6))


def listening_problems(
    raw_services: object,
    positions: Positions,
    sections: Mapping[str, ServiceSection] = MappingProxyType({}),
) -> Iterator[Problem]:
    """Every address that clashes with an earlier one.

    Args:
        raw_services: the section as it was written; what is wrong in it is left to validation.
        positions: where everything stands.
        sections: those of them that are valid.
    """
    taken: dict[str | int, _Taken] = {}
    for address, path in _addresses(raw_services, sections):
        nearby = taken.setdefault(address.path or address.port, _Taken())
        found = nearby.clash_with(address)
        if found is not None:
            earlier, its_path = found
            whose = "this service" if its_path[1] == path[1] else f"service {its_path[1]!r}"
            on = "there" if address == earlier else f"on {earlier}, which overlaps,"
            what = f"{whose} listens {on} already, at {positions.of(its_path)}"
            yield problem_at(positions, path, what, "every service needs its own address")
        nearby.add(address, path)


class _Taken:
    """The addresses of one port, or of one path, in their order."""

    def __init__(self) -> None:
        self._all: list[tuple[Address, Path]] = []
        self._by_host: dict[str, int] = {}

    def add(self, address: Address, path: Path) -> None:
        self._by_host.setdefault(address.host, len(self._all))
        self._all.append((address, path))

    def clash_with(self, address: Address) -> tuple[Address, Path] | None:
        """The first that clashes with this one."""
        if address.host in _WILD:
            near: Iterable[int] = range(len(self._all))
        else:
            hosts = (address.host, *_WILD)
            near = sorted(self._by_host[host] for host in hosts if host in self._by_host)
        for each in near:
            if clash(address, self._all[each][0]):
                return self._all[each]
        return None


def _addresses(
    raw_services: object, sections: Mapping[str, ServiceSection]
) -> Iterator[tuple[Address, Path]]:
    if not isinstance(raw_services, dict):
        return
    for name, service in raw_services.items():
        listen = service.get("listen") if isinstance(service, dict) else None
        known = sections.get(name)
        if known is not None:
            addresses: Sequence[Address | None] = known.listen
        else:
            addresses = [*map(_address, listen if isinstance(listen, list) else [listen])]
        for index, address in enumerate(addresses):
            path: Path = ("virtual_services", name, "listen")
            if address is not None:
                yield address, (*path, index) if isinstance(listen, list) else path


def _address(text: object) -> Address | None:
    try:
        return Address.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None
