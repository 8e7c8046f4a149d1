"""A request as somebody asks about it: read as strictly as one that comes."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from pointsman.core.http1.field_lines import FieldLines
from pointsman.core.http1.request_reader import RequestReader
from pointsman.core.virtual_service import VirtualService
from pointsman.model.connection import ConnectionFacts
from pointsman.model.errors import ClientError, PointsmanError
from pointsman.model.message import RequestHead
from pointsman.model.service import Limits

_PORTS = {"http": 80, "https": 443}


class AskedError(PointsmanError):
    """Nobody can be asked that; the message says why."""


class Asked:
    """A request that somebody wants to have explained.

    Args:
        method: such as GET.
        url: http:// or https://, with host and perhaps port.
        headers: "Name: value"; a Host of one's own goes before that of the URL.
        source: address of the client.

    Raises:
        AskedError: it is none, or one that would be refused.
    """

    def __init__(self, method: str, url: str, headers: Sequence[str], source: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
            self._source = str(ipaddress.ip_address(source))
        except ValueError as error:
            raise AskedError(str(error)) from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise AskedError(f"expected a URL like http://example.org/path, got {url!r}")
        self._secure = parts.scheme == "https"
        self._name = parts.hostname
        self.port = port or _PORTS[parts.scheme]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{method} {target} HTTP/1.1", *headers]
        if not any(line.lower().startswith("host:") for line in headers):
            lines.insert(1, f"Host: {parts.netloc.rpartition('@')[2]}")
        data = "".join(f"{line}\r\n" for line in lines) + "\r\n"
        try:
            head = RequestReader(Limits(), FieldLines()).read(data.encode("utf-8"))
        except ClientError as error:
            raise AskedError(f"it would be refused with {error.status}: {error}") from None
        if head is None or head.body_length:
            raise AskedError("only requests without a body can be explained")
        self.head: RequestHead = head

    def service_of(
        self, services: Sequence[VirtualService], name: str | None = None
    ) -> VirtualService:
        """The service that it comes to: the one of that name, or by its port.

        Raises:
            AskedError: there is none, or it cannot be told.
        """
        http = [each for each in services if each.settings.mode == "http"]
        if name is not None:
            found = [each for each in http if each.name == name]
        else:
            found = [
                each
                for each in http
                if self.port in [address.port for address in each.settings.listen]
            ]
            found = found or http
        if len(found) == 1:
            return found[0]
        known = ", ".join(each.name for each in http) or "none"
        raise AskedError(f"which service is meant? say --service; in http mode there are: {known}")

    def connection(self, service: VirtualService) -> ConnectionFacts:
        """The connection that it comes by."""
        address = service.settings.listen[0]
        host = address.host if address.host not in ("", "*") else "127.0.0.1"
        name = self._name if self._secure else ""
        return ConnectionFacts(self._source, 50000, host, self.port, self._secure, name)
