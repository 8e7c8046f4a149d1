"""An HTTP check: one request, and whether its answer is one of the accepted ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pointsman.contracts import Surroundings, Verdict, Written
from pointsman.model.server import RealServer
from pointsman_healthcheck.encryption import StreamCheck, TlsOption, encryption
from pointsman_healthcheck.http_answer import Answer, NotAnAnswer
from pointsman_healthcheck.setting_types import Pattern

BODY_LIMIT = 4096  # of the answer's body are looked at (DESIGN 5.4)

_NO_HTTP = "an HTTP/1 answer: is that the right port, and is it plain HTTP or TLS?"

Codes = tuple[tuple[int, int], ...]  # first and last of each range

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_CODES = re.compile(r"([1-9][0-9]{2})(?:\s*-\s*([1-9][0-9]{2}))?")
_OURS = {"host": "host:", "content-length": "body:", "transfer-encoding": "body:"}


def _listed(value: object) -> object:
    """A single code stands for a list of one; codes may be written as numbers."""
    values = value if isinstance(value, list | tuple) else [value]
    return [_as_text(each) for each in values]


def _as_text(value: object) -> object:
    """YAML makes numbers of ``version: 1.0`` and ``accept: [401]``; nobody should need quotes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value)


class HttpSettings(TlsOption):
    """What to ask and which answer says that the server is up."""

    method: Literal["HEAD", "GET", "POST", "OPTIONS"] | None = Field(
        default=None, description="default HEAD; GET with `match`, POST with `body`"
    )
    path: str = Field(default="/", description="path and query to ask for", examples=["/healthz"])
    host: str = Field(
        default="",
        description="Host to ask for; default the server's own address",
        examples=["www.example.org"],
    )
    version: Annotated[
        Literal["1.0", "1.1"],
        BeforeValidator(_as_text, json_schema_input_type=Literal["1.0", "1.1"] | float),
        Written("`1.0` or `1.1`"),
    ] = Field(default="1.1", description="of HTTP", examples=["1.0"])
    headers: dict[str, str] = Field(
        default_factory=dict, description="further header fields", examples=[{"X-Check": "1"}]
    )
    body: str = Field(
        default="", description="body of the request, sent as UTF-8", examples=["ping"]
    )
    accept: Annotated[
        list[str],
        BeforeValidator(_listed, json_schema_input_type=int | str | list[int | str]),
        Written("list of statuses and ranges"),
    ] = Field(
        default=["200-299", "301", "302", "401"],
        description="codes and ranges of codes that mean: up",
        examples=[["200-299", "403"]],
    )
    match: Pattern = Field(
        default="",
        description="regular expression to be found in the body of a 2xx answer",
        examples=["ready"],
    )

    @field_validator("path")
    @classmethod
    def _path_is_sendable(cls, path: str) -> str:
        if not _PRINTABLE.fullmatch(path) or not (path.startswith("/") or path == "*"):
            raise ValueError(f"path must begin with / and hold no blanks, got {path!r}")
        return path

    @field_validator("host")
    @classmethod
    def _host_is_sendable(cls, host: str) -> str:
        if host and not _PRINTABLE.fullmatch(host):
            raise ValueError(f"host must be a name or address without blanks, got {host!r}")
        return host

    @field_validator("headers")
    @classmethod
    def _headers_are_sendable(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a header field")
            if instead := _OURS.get(name.lower()):
                raise ValueError(f"{name} follows from `{instead}`, set that instead")
            if not value.isascii() or not value.replace("\t", " ").isprintable():
                raise ValueError(f"the value of {name} must be printable ASCII, got {value!r}")
        return headers

    @field_validator("accept")
    @classmethod
    def _codes_are_codes(cls, accept: list[str]) -> list[str]:
        read_codes(accept)
        return accept

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.method == "HEAD" and self.match:
            raise ValueError("a HEAD answer has no body to match: use GET, POST or OPTIONS")
        if self.method == "HEAD" and self.body:
            raise ValueError("a HEAD request has no body: use POST")
        if self.path == "*" and self.method != "OPTIONS":
            raise ValueError("path * is for method OPTIONS only (RFC 9112 section 3.2.4)")
        return self


def read_codes(accept: list[str]) -> Codes:
    """The ranges of ``["200-299", "401"]``. Raises ValueError with what would be right."""
    if not accept:
        raise ValueError("accept needs at least one code, like [200-299, 401]")
    ranges = []
    for text in accept:
        found = _CODES.fullmatch(text.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 100 <= first <= last:
            raise ValueError(f"{text!r} is not a code or range of codes, like 401 or 200-299")
        ranges.append((first, last))
    return tuple(ranges)


@dataclass(frozen=True)
class HttpCheck(StreamCheck):
    """One HTTP request per attempt, on a connection of its own. Equal ones share their probes.

    The pattern is searched in the first 4 KiB of the body of 2xx answers only; it is run by
    Python's ``re``, so one that backtracks without bounds costs time (4 KiB bound it somewhat).
    """

    method: str
    path: str
    host: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    accept: Codes
    pattern: re.Pattern[str] | None

    @property
    def describes(self) -> str:
        """The check in a few words, such as "HEAD /abs/handler"."""
        return self.with_tls(f"{self.method} {self.path}")

    def probe(self, server: RealServer) -> HttpProbe:
        """One attempt at that server."""
        return HttpProbe(self, self.request(server))

    def request(self, server: RealServer) -> bytes:
        """The bytes of the request."""
        before, after = self._around_host
        return before + (self.host or self._host_of(server)).encode("ascii") + after

    def _host_of(self, server: RealServer) -> str:
        address = server.address
        if not address.host:  # a unix socket, an endpoint or a server in this process
            return "localhost"
        return str(address).removesuffix(":80" if self.tls is None else ":443")

    @cached_property
    def _around_host(self) -> tuple[bytes, bytes]:
        """The request without the value of Host, the only thing in it that servers differ in."""
        fields = [("User-Agent", "pointsman-health")]
        if self.version == "1.1":
            fields.append(("Connection", "close"))
        # A name that the configuration gives replaces ours.
        given = {name.lower() for name, _ in self.headers}
        fields = [field for field in fields if field[0].lower() not in given]
        fields.extend(self.headers)
        if self.body or self.method == "POST":
            fields.append(("Content-Length", str(len(self.body))))
        before = f"{self.method} {self.path} HTTP/{self.version}\r\nHost: "
        lines = ["", *(f"{name}: {value}" for name, value in fields), "", ""]
        return before.encode("ascii"), "\r\n".join(lines).encode("ascii") + self.body

    def accepts(self, status: int) -> bool:
        """Whether that status means: up."""
        return any(first <= status <= last for first, last in self.accept)

    @property
    def accepted(self) -> str:
        """The accepted codes in words: ``200-299, 301``."""
        return ", ".join(
            f"{first}-{last}" if first != last else str(first) for first, last in self.accept
        )


class HttpProbe:
    """One attempt: sends the request and judges the answer as soon as it is known."""

    def __init__(self, check: HttpCheck, request: bytes) -> None:
        self._check = check
        self._request = request
        self._answer = Answer(
            wanted=BODY_LIMIT if check.pattern is not None else 0, bodiless=check.method == "HEAD"
        )

    def start(self) -> bytes:
        """The request."""
        return self._request

    def receive(self, data: bytes) -> Verdict | None:
        """Read on; a verdict once the answer is known as far as it matters."""
        answer = self._answer
        try:
            answer.feed(data)
        except NotAnAnswer as error:
            return Verdict(False, str(error), _NO_HTTP)
        if not answer.status:
            return None
        if not self._body_matters:
            return self._by_status()
        return self._by_body() if answer.whole else None

    def closed(self) -> Verdict:
        """The server closed: where a body may end like that it is judged, else it is a fault."""
        answer = self._answer
        if answer.until_close:
            return self._by_body()
        return Verdict(False, answer.cut_short())

    @property
    def _body_matters(self) -> bool:
        return self._check.pattern is not None and 200 <= self._answer.status <= 299

    def _by_status(self) -> Verdict:
        status, check = self._answer.status, self._check
        if check.accepts(status):
            return Verdict(True, f"{status} to {check.describes}")
        remedy = f"`accept: [{check.accepted}, {status}]`, or another `path`, `host` or `method`"
        if 300 <= status <= 399:
            remedy += "; redirects are not followed"
        return Verdict(False, f"{status} not among accepted {check.accepted}", remedy)

    def _by_body(self) -> Verdict:
        verdict = self._by_status()
        pattern = self._check.pattern
        if not verdict.up or pattern is None:
            return verdict
        if pattern.search(self._answer.body.decode("utf-8", "replace")):
            return verdict
        begin = f"{self._answer.status}, but {pattern.pattern!r} is not in its body"
        remedy = f"a body in whose first {BODY_LIMIT} bytes {pattern.pattern!r} is found"
        return Verdict(False, f"{begin}, which begins {self._answer.body[:40]!r}", remedy)


def make(settings: HttpSettings, surroundings: Surroundings, /) -> HttpCheck:
    """The check that these settings describe."""
    method: Any = settings.method
    if method is None:
        method = "POST" if settings.body else "GET" if settings.match else "HEAD"
    return HttpCheck(
        tls=encryption(settings.tls, surroundings, settings.host),
        method=method,
        path=settings.path,
        host=settings.host,
        version=settings.version,
        headers=tuple(settings.headers.items()),
        body=settings.body.encode(),
        accept=read_codes(settings.accept),
        pattern=re.compile(settings.match) if settings.match else None,
    )
