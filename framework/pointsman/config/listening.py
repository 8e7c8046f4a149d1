"""Two virtual services must not listen on one address, nor one on a wildcard over the other."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.config.problems import problem_at
from pointsman.config.tree import Path, Positions
from pointsman.model.address import Address
from pointsman.model.errors import Problem

# "*" is every address of both families, the other two are those of one (net/listener.py).
_EVERYTHING = ""
_EVERY_IPV4 = "0.0.0.0"
_EVERY_IPV6 = "::"


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


def listening_problems(raw_services: object, positions: Positions) -> Iterator[Problem]:
    """Every address that clashes with an earlier one.

    Args:
        raw_services: the section as it was written; what is wrong in it is left to validation.
        positions: where everything stands.
    """
    taken: dict[str | int, list[tuple[Address, Path]]] = {}
    for address, path in _addresses(raw_services):
        nearby = taken.setdefault(address.path or address.port, [])
        for earlier, its_path in nearby:
            if clash(address, earlier):
                whose = "this service" if its_path[1] == path[1] else f"service {its_path[1]!r}"
                on = "there" if address == earlier else f"on {earlier}, which overlaps,"
                what = f"{whose} listens {on} already, at {positions.of(its_path)}"
                yield problem_at(positions, path, what, "every service needs its own address")
                break
        nearby.append((address, path))


def _addresses(raw_services: object) -> Iterator[tuple[Address, Path]]:
    if not isinstance(raw_services, dict):
        return
    for name, service in raw_services.items():
        listen = service.get("listen") if isinstance(service, dict) else None
        for index, text in enumerate(listen if isinstance(listen, list) else [listen]):
            path: Path = ("virtual_services", name, "listen")
            try:
                address = Address.parse(text) if isinstance(text, str) else None
            except ValueError:
                continue
            if address is not None:
                yield address, (*path, index) if isinstance(listen, list) else path
