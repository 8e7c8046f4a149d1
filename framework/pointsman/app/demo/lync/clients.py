"""Mobile clients: each makes a session, closes its connection, and comes back with a new one."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

from cryptography import x509
from cryptography.x509.oid import NameOID

# What becomes of a request.
OK, LOST, NO_ANSWER = "ok", "404", "none"

_SECONDS = 60.0  # whoever does not answer by then has nothing to say


def trusting(root: Path | None) -> ssl.SSLContext:
    """What clients believe: a root in DER, or, before there is one, whatever they are shown."""
    context = ssl.create_default_context()
    if root is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=root.read_bytes())
    return context


@dataclass
class Answer:
    """What came back: status 0 if nothing did."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class _Connection(http.client.HTTPSConnection):
    """Connects to an address and asks TLS for a name, as one does whose DNS says so."""

    def __init__(self, address: tuple[str, int], name: str, source: str, tls: ssl.SSLContext):
        super().__init__(name, address[1], timeout=_SECONDS, context=tls)
        self._address = address
        self._source = source
        self._tls = tls

    def connect(self) -> None:
        """Connect to where we were told, whatever the name resolves to."""
        plain = socket.create_connection(self._address, _SECONDS, (self._source, 0))
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class KeptConnection:
    """One connection over TLS that stays open, for many requests.

    Args:
        address: of the service.
        source: address of the client.
        tls: what it believes.
        name: of the site, for SNI and Host.

    Attributes:
        certificate: that was shown, in DER.
        subject: common name of who showed it.
        issuer: common name of who issued it.
    """

    def __init__(
        self,
        address: tuple[str, int],
        source: str,
        tls: ssl.SSLContext,
        name: str = "poolweb.jds.net",
    ) -> None:
        self._connection = _Connection(address, name, source, tls)
        self._connection.connect()
        self.certificate: bytes = self._connection.sock.getpeercert(binary_form=True) or b""
        shown = x509.load_der_x509_certificate(self.certificate)
        self.subject = _common_name(shown.subject)
        self.issuer = _common_name(shown.issuer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, path: str) -> Answer:
        """One request on it; it is not opened anew if it is closed."""
        connection = self._connection
        if connection.sock is None:
            return Answer(0)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read().decode("latin-1").strip()
        except (OSError, http.client.HTTPException):
            return Answer(0)
        return Answer(response.status, body, dict(response.getheaders()))

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def _common_name(name: x509.Name) -> str:
    (found,) = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found.value)


class MobileClient:
    """One mobile client of the web pool.

    Args:
        address: of the service.
        source: its own address; each client has another.
        tls: what it believes.
        name: of the site, for SNI and Host.

    Attributes:
        server: name of the front end that has its session, "" until it is known.
        source: its own address.
        met: names of the front ends that had its sessions, in order.
        seen: what became of its requests, as of a crowd.
    """

    def __init__(
        self,
        address: tuple[str, int],
        source: str,
        tls: ssl.SSLContext,
        name: str = "poolweb.jds.net",
    ) -> None:
        self.server = ""
        self.source = source
        self.met: list[str] = []
        self.seen: Counter[str] = Counter()
        self._address = address
        self._tls = tls
        self._name = name
        self._session = ""
        self._cookies: dict[str, str] = {}

    def begin(self) -> Answer:
        """Make a session, on a connection of its own."""
        answer = self.ask("POST", "/mcx")
        if answer.status == 201:
            self._session = answer.body
            self.server = answer.headers.get("x-front-end", "")
            self.met.append(self.server)
        return answer

    def come_back(self) -> Answer:
        """Use the session, on a new connection; a client whose session is lost begins anew."""
        answer = self.ask("GET", f"/mcx/{self._session}")
        if answer.status == 404:
            self.begin()
        return answer

    def ask(self, method: str, path: str) -> Answer:
        """One request on a connection of its own, with the cookies that it was given."""
        connection = _Connection(self._address, self._name, self.source, self._tls)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        try:
            connection.request(method, path, headers=headers if self._cookies else {})
            response = connection.getresponse()
            body = response.read().decode("latin-1").strip()
            self._take(response.headers.get_all("set-cookie") or [])
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, body, told)
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()

    def _take(self, lines: Iterable[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()


class Crowd:
    """Mobile clients, and what they saw.

    Attributes:
        seen: what became of requests -> how often: "ok", "404" (a session that the front end does
            not know), another status, or "none" for no answer.
    """

    def __init__(self, clients: Iterable[MobileClient]) -> None:
        self.clients = tuple(clients)
        self.seen: Counter[str] = Counter()

    def begin(self) -> None:
        """Each client makes its session."""
        for client in self.clients:
            self._note(client, client.begin())

    def come_back(self, times: int = 1, random: Random | None = None) -> Counter[str]:
        """Each client comes back some times; what they saw this time.

        Args:
            times: how often.
            random: for another order each time; without it they come in their own.
        """
        before = self.seen.copy()
        for _ in range(times):
            order = list(self.clients)
            if random is not None:
                random.shuffle(order)
            for client in order:
                self._note(client, client.come_back())
        return self.seen - before

    @property
    def servers(self) -> Counter[str]:
        """How many sessions each front end has."""
        return Counter(client.server for client in self.clients)

    def _note(self, client: MobileClient, answer: Answer) -> None:
        good = 200 <= answer.status < 300
        became = OK if good else str(answer.status) if answer.status else NO_ANSWER
        self.seen[became] += 1
        client.seen[became] += 1
