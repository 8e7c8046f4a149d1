"""Examples under way: their files as they stand, but for addresses and what only the site has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from kit.certificates import Issued
from kit.child_programs import pointsman
from kit.running_site import RunningSite
from kit.tls_site import ROOT, write_private
from kit.tree import TOP

EXAMPLES = TOP / "examples"


def document(name: str) -> dict[str, Any]:
    """What stands in an example."""
    read: dict[str, Any] = YAML(typ="safe").load((EXAMPLES / name).read_text())
    return read


def write_certificates(name: str, folder: Path) -> Issued | None:
    """Write the files that an example names, of an authority of the test; what clients are shown.

    Args:
        name: of the example.
        folder: where its relative paths begin.
    """
    site = document(name)
    (folder / "certs").mkdir()
    leaf = None
    for certificate in site.get("certificates", {}).values():
        host = Path(certificate["pem"]).stem
        leaf = ROOT.leaf(host, host.partition(".")[2])
        (folder / certificate["pem"]).write_bytes(leaf.certificate_pem + ROOT.certificate_pem)
        write_private(folder / certificate["key"], leaf.key_pem)
    for authority in site.get("intermediates", {}).values():
        (folder / authority["file"]).write_bytes(ROOT.certificate_pem)
    return leaf


def at_servers(site: dict[str, Any], servers: Mapping[str, str]) -> None:
    """Put the addresses of a test into all pools; each server has to be given one by its name."""
    in_place = [service["pool"] for service in site["virtual_services"].values()]
    pools = [*site.get("pools", {}).values(), *(p for p in in_place if isinstance(p, dict))]
    for pool in pools:
        for name, server in pool["servers"].items():
            if isinstance(server, str):
                pool["servers"][name] = servers[name]
            else:
                server["address"] = servers[name]


@contextmanager
def running_example(
    name: str, folder: Path, servers: Mapping[str, str], change: Mapping[str, Any] | None = None
) -> Iterator[RunningSite]:
    """Run an example on free ports, with servers of the test, and end it with the block.

    Args:
        name: of its file.
        folder: where its relative paths begin.
        servers: name of a server -> its address here.
        change: dotted path of a key -> its value here.
    """
    site = document(name)
    at_servers(site, servers)
    for service in site["virtual_services"].values():
        service["listen"] = "127.0.0.1:0"
    for path, value in (change or {}).items():
        *keys, last = path.split(".")
        below = site
        for key in keys:
            below = below[key]
        below[last] = value
    access_log = folder / "access.log"
    access_log.touch()
    site["access_log"] = {"to": {"file": str(access_log)}}
    site.setdefault("defaults", {}).setdefault("timeouts", {})["drain"] = "0s"
    file = folder / Path(name).name
    file.write_text(json.dumps(site))
    with pointsman("run", str(file)) as program:
        yield RunningSite(program, access_log, list(site["virtual_services"]))
        assert program.process.poll() is None, program.output
        program.signal()
        assert program.wait() == 0, program.output
        assert "Traceback" not in program.output, program.output


def until_up(running: RunningSite, *servers: str) -> None:
    """Wait until the first check of each server, as POOL/SERVER, has said that it is up."""
    for server in servers:
        running.program.until(rf"{server} is up: ")
