"""The Lync site as a configuration: where everything stands, and how it grows step by step."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML

from pointsman.app.demo.lync.lab import PFX, ROOT
from pointsman.app.demo.lync.places import (
    EXT_HTTP_PORT,
    EXT_HTTPS_PORT,
    POOL_HTTP_PORT,
    POOL_HTTPS_PORT,
    Places,
)

POOL_HTTPS = "FE Pool HTTPS"
POOL_HTTP = "FE Pool HTTP"
EXT_HTTPS = "FE Ext HTTPS"
EXT_HTTP = "FE Ext HTTP"

ADDRESS_BOOK = "/abs/handler"
BLANK_PAGE = "/meet/blank.html"

WEB_POOL = "poolweb.jds.net"
COOKIE = "MS-WSMAN"
PASSWORD_VARIABLE = "PFX_PASSWORD"
ACCESS_LOG = "access.log"


class LyncSite:
    """The configuration as it stands, to be changed as an operator would change the file.

    Args:
        places: where everything stands.
        quick: shorter health checks and drain time, so that nobody has to wait.
    """

    def __init__(self, places: Places, *, quick: bool = True) -> None:
        self._places = places
        # However busy a machine is, a server that works is not silent for eight seconds.
        self._health = (
            {"interval": "2s", "timeout": "2s", "retries": 1, "fall": 2}
            if quick
            else {"interval": "9s", "timeout": "4s", "retries": 2}
        )
        drain = "10s" if quick else "300s"
        self.document: dict[str, Any] = {
            "version": 1,
            "state_dir": "state",
            "access_log": {
                "format": "json",
                "to": {"file": ACCESS_LOG},
                "headers": ["Cookie"],
                "redact_cookies": [COOKIE],
            },
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
        """The root and the PFX; one certificate for two services."""
        self.document["certificates"] = {
            "LyncWebPool": {"pfx": PFX, "password": {"env": PASSWORD_VARIABLE}}
        }
        self.document["intermediates"] = {"JDSRoot": {"file": ROOT}}
        for name in (POOL_HTTPS, EXT_HTTPS):
            tls = self._service(name)["tls"]
            self._service(name)["tls"] = {
                "mode": tls["mode"],
                "certificates": ["LyncWebPool"],
                "upstream": tls["upstream"],
            }

    def verify_servers(self) -> None:
        """Servers have to show a certificate of the lab's authority for the name of the pool."""
        for name in (POOL_HTTPS, EXT_HTTPS):
            upstream = {"verify": "JDSRoot", "name": WEB_POOL}
            self._service(name)["tls"]["upstream"] = upstream

    def persist(self, kind: str, cookie: str = COOKIE, **options: Any) -> None:
        """Cookies decide, on both services for HTTPS."""
        for pool in ("fe-https", "ext-https"):
            self._pool(pool)["persistence"] = {"kind": kind, "cookie": cookie, **options}

    def weigh(self, pool: str, server: str, weight: int) -> None:
        """Give a server of a pool more or less of the new work."""
        servers = self._pool(pool)["servers"]
        place = servers[server]
        address = place["address"] if isinstance(place, dict) else place
        servers[server] = {"address": address, "weight": weight}

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
