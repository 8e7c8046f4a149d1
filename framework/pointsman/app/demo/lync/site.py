"""The Lync site as a configuration: where everything stands, and how it grows step by step."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

from pointsman.app.demo.lync.lab import PFX, ROOT

POOL_HTTPS = "FE Pool HTTPS"
POOL_HTTP = "FE Pool HTTP"
EXT_HTTPS = "FE Ext HTTPS"
EXT_HTTP = "FE Ext HTTP"

ADDRESS_BOOK = "/abs/handler"
BLANK_PAGE = "/meet/blank.html"

PASSWORD_VARIABLE = "PFX_PASSWORD"

# What the article uses, for those who may open ports below 1024.
POOL_HTTPS_PORT, POOL_HTTP_PORT, EXT_HTTPS_PORT, EXT_HTTP_PORT = 443, 80, 4443, 8080


@dataclass(frozen=True)
class Places:
    """Addresses and ports of the site, all on loopback.

    Attributes:
        offset: added to every port; 0 are the article's own.
        pool: address of the web pool, where clients inside arrive.
        ext: address where the reverse proxy arrives.
        front_ends: name of each front end -> its address.
    """

    offset: int = 0
    pool: str = "127.0.0.44"
    ext: str = "127.0.0.45"
    front_ends: Mapping[str, str] = field(
        default_factory=lambda: {"fe1": "127.0.0.41", "fe2": "127.0.0.42"}
    )

    def port(self, port: int) -> int:
        """One of the article's ports, moved."""
        return port + self.offset

    @property
    def clear(self) -> tuple[int, ...]:
        """The ports for plain HTTP."""
        return self.port(POOL_HTTP_PORT), self.port(EXT_HTTP_PORT)

    @property
    def secure(self) -> tuple[int, ...]:
        """The ports for HTTPS."""
        return self.port(POOL_HTTPS_PORT), self.port(EXT_HTTPS_PORT)

    @property
    def all(self) -> tuple[tuple[str, int], ...]:
        """Every address and port that somebody will listen on."""
        services = [(self.pool, self.port(port)) for port in (POOL_HTTPS_PORT, POOL_HTTP_PORT)]
        services += [(self.ext, self.port(port)) for port in (EXT_HTTPS_PORT, EXT_HTTP_PORT)]
        ports = (*self.clear, *self.secure)
        servers = [(host, port) for host in self.front_ends.values() for port in ports]
        return (*services, *servers)


class LyncSite:
    """The configuration as it stands, to be changed as an operator would change the file.

    Args:
        places: where everything stands.
        quick: shorter health checks and drain time, so that nobody has to wait.
    """

    def __init__(self, places: Places, *, quick: bool = True) -> None:
        self._places = places
        self._health = (
            {"interval": "1s", "timeout": "1s", "retries": 1}
            if quick
            else {"interval": "9s", "timeout": "4s", "retries": 2}
        )
        drain = "10s" if quick else "300s"
        self.document: dict[str, Any] = {
            "version": 1,
            "state_dir": "state",
            "access_log": {"format": "json", "to": {"file": "access.log"}},
            "defaults": {"timeouts": {"drain": "2s" if quick else "30s"}},
            "pools": {},
            "virtual_services": {},
        }
        self._drain = drain

    @property
    def text(self) -> str:
        """The file."""
        out = io.StringIO()
        yaml = YAML()
        yaml.default_flow_style = None
        yaml.width = 110
        yaml.dump(self.document, out)
        return out.getvalue()

    # ---- the steps of the article ----

    def add_passthrough(self) -> None:
        """A service for HTTPS that leaves TLS alone, checked by the address book."""
        self._add(POOL_HTTPS, "fe-https", self._places.pool, POOL_HTTPS_PORT, POOL_HTTPS_PORT)
        self._service(POOL_HTTPS).update(mode="tcp", tls="passthrough")
        self._pool("fe-https")["health"] = self._https_check()

    def add_http(self) -> None:
        """A service for HTTP on the same address. Its check asks for what only HTTPS answers."""
        self._add(POOL_HTTP, "fe-http", self._places.pool, POOL_HTTP_PORT, POOL_HTTP_PORT)
        self._pool("fe-http")["health"] = self._http_check(ADDRESS_BOOK)

    def correct_check(self) -> None:
        """The page that is answered in the clear as well."""
        self._pool("fe-http")["health"] = self._http_check(BLANK_PAGE)

    def add_ext(self) -> None:
        """The same for the reverse proxy: another address, other ports, the same servers."""
        self._add(EXT_HTTPS, "ext-https", self._places.ext, EXT_HTTPS_PORT, EXT_HTTPS_PORT)
        self._service(EXT_HTTPS).update(mode="tcp", tls="passthrough")
        self._pool("ext-https")["health"] = self._https_check()
        self._add(EXT_HTTP, "ext-http", self._places.ext, EXT_HTTP_PORT, EXT_HTTP_PORT)
        self._pool("ext-http")["health"] = self._http_check(BLANK_PAGE)

    def enable_tls(self) -> None:
        """TLS is taken off and put on again; there is no certificate yet, so one is made up."""
        for name in (POOL_HTTPS, EXT_HTTPS):
            service = self._service(name)
            del service["mode"]
            service["tls"] = {"mode": "reencrypt", "upstream": {"verify": "none"}}

    def import_certificates(self) -> None:
        """The root and the PFX, one certificate for two services, and servers verified."""
        self.document["certificates"] = {
            "LyncWebPool": {"pfx": PFX, "password": {"env": PASSWORD_VARIABLE}}
        }
        self.document["intermediates"] = {"JDSRoot": {"file": ROOT}}
        for name in (POOL_HTTPS, EXT_HTTPS):
            self._service(name)["tls"] = {
                "mode": "reencrypt",
                "certificates": ["LyncWebPool"],
                "upstream": {"verify": "JDSRoot", "name": "poolweb.jds.net"},
            }

    def persist(self, kind: str, **options: Any) -> None:
        """Cookies decide, on both services for HTTPS."""
        for pool in ("fe-https", "ext-https"):
            self._pool(pool)["persistence"] = {"kind": kind, "cookie": "MS-WSMAN", **options}

    # ---- parts ----

    def _add(self, name: str, pool: str, host: str, port: int, server_port: int) -> None:
        place = self._places.port
        self.document["pools"][pool] = {
            "scheduling": "least_connections",
            "persistence": {"kind": "source_ip", "timeout": "20m"},
            "drain_time": self._drain,
            "servers": {
                server: f"{address}:{place(server_port)}"
                for server, address in self._places.front_ends.items()
            },
        }
        self.document["virtual_services"][name] = {"listen": f"{host}:{place(port)}", "pool": pool}

    def _pool(self, name: str) -> dict[str, Any]:
        pool: dict[str, Any] = self.document["pools"][name]
        return pool

    def _service(self, name: str) -> dict[str, Any]:
        service: dict[str, Any] = self.document["virtual_services"][name]
        return service

    def _http_check(self, path: str) -> dict[str, Any]:
        return {"kind": "http", "method": "GET", "path": path, **self._health}

    def _https_check(self) -> dict[str, Any]:
        # It verifies the servers as soon as the service does.
        return {"kind": "https", "path": ADDRESS_BOOK, **self._health}
