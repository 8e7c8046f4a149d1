"""The fields of the facades: how each is read, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pointsman.model.message import RequestHead
from pointsman_rules import facade_values as values

Host = Mapping[str, Callable[..., Any]]
Read = Callable[[Any], Any]
Write = Callable[[Any, str], str | None]
_NO_BODY = (204, 205, 304)


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _scheme(x: Any) -> str:
    return "https" if x.connection.secure else "http"


def _via_tls(x: Any, at: str) -> str:
    facts = x.tls
    return "" if facts is None else str(getattr(facts, at))


def _fact_line(x: Any, name: str) -> str | None:
    """A line that the TLS mode tells servers about the client's certificate."""
    facts = x.tls
    if facts is None:
        return None
    for line in facts.lines.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"x-ssl-client-" + name.encode():
            return _text(value.strip())
    return None


_REQ: dict[str, Read] = {
    "method": lambda x: _text(x.request.method),
    "path": lambda x: _text(x.request.path),
    "query": lambda x: _text(x.request.query),
    "target": lambda x: _text(x.request.target),
    "host": lambda x: _text(x.request.host),
    "version": lambda x: f"1.{x.request.minor}",
    "scheme": _scheme,
    "id": lambda x: x.request_id,
    "service": lambda x: x.service,
    "length": lambda x: x.request.body_length if x.request.body_length >= 0 else None,
    "idempotent": lambda x: x.request.method in values.IDEMPOTENT,
    "pool": lambda x: x.pool,
    "server": lambda x: x.server,
    "pin": lambda x: x.pin,
    "attempts": lambda x: x.attempts,
    "may_retry": lambda x: x.may_retry,
    "ip": lambda x: x.client_ip,
}
_RES: dict[str, Read] = {
    "status": lambda x: x.answer.status if x.answer is not None else x.status,
    "reason": lambda x: _text(x.answer.reason) if x.answer is not None else "",
    "source": lambda x: x.source,
    "server": lambda x: x.server,
    "length": lambda x: x.answer.body_length if x.answer and x.answer.body_length >= 0 else None,
    "connect_time": lambda x: _time(x.timings[0]),
    "first_byte_time": lambda x: _time(x.timings[1]),
}
_UP: dict[str, Read] = {
    "method": lambda x: _text(x.outgoing.method),
    "path": lambda x: _text(x.outgoing.path),
    "query": lambda x: _text(x.outgoing.query),
    "target": lambda x: _text(x.outgoing.target),
    "host": lambda x: _text(x.outgoing.host),
    "server": lambda x: x.server,
}
_CLIENT: dict[str, Read] = {
    "ip": lambda x: x.client_ip,
    "peer_ip": lambda x: x.connection.peer_ip,
    "port": lambda x: x.connection.peer_port,
    "local_ip": lambda x: x.connection.local_ip,
    "local_port": lambda x: x.connection.local_port,
    "secure": lambda x: x.connection.secure,
    "sni": lambda x: x.connection.server_name or None,
    "alpn": lambda x: ",".join(map(_text, x.connection.alpn)),
}
_TLS: dict[str, Read] = {
    "sni": lambda x: x.connection.server_name or _via_tls(x, "server_name"),
    "summary": lambda x: _via_tls(x, "summary"),
    "verified": lambda x: _fact_line(x, "verify"),
    "subject": lambda x: _fact_line(x, "subject"),
    "issuer": lambda x: _fact_line(x, "issuer"),
    "serial": lambda x: _fact_line(x, "serial"),
    "fingerprint": lambda x: _fact_line(x, "fingerprint"),
    "certificate": lambda x: _fact_line(x, "certificate"),
}
_RECORD: dict[str, Read] = {
    "status": lambda x: x.status,
    "source": lambda x: x.source,
    "server": lambda x: x.server,
    "pool": lambda x: x.pool,
    "pin": lambda x: x.pin,
    "attempts": lambda x: x.attempts,
    "termination": lambda x: x.termination,
    "bytes_in": lambda x: x.sizes[0],
    "bytes_out": lambda x: x.sizes[1],
    "connect_time": lambda x: _time(x.timings[0]),
    "first_byte_time": lambda x: _time(x.timings[1]),
    "total_time": lambda x: x.timings[2],
}


def _time(seconds: float) -> float | None:
    return seconds if seconds >= 0 else None


def _set_method(head: RequestHead, value: str) -> str | None:
    if values.cookie_problem(value, "") is not None:
        return f"a method is a token, got {value[:60]!r}"
    head.method = value.encode("latin-1")
    return None


def _set_host(head: RequestHead, value: str) -> str | None:
    if not value or any(c in value for c in " \t\r\n\0/@"):
        return f"that is no host: {value[:60]!r}"
    head.headers.set(b"Host", value.encode("latin-1"))
    head.host = value.encode("latin-1")
    return None


_OF_A_REQUEST: dict[str, Callable[[RequestHead, str], str | None]] = {
    "path": lambda head, value: values.retarget(head, path=value),
    "query": lambda head, value: values.retarget(head, query=value),
    "target": values.set_target,
    "host": _set_host,
}
_OF_A_CLIENT = {**_OF_A_REQUEST, "method": _set_method}


def _set_status(x: Any, value: Any) -> str | None:
    head = x.answer
    if head is None:
        return "there is no response here"
    if not isinstance(value, (int, float)) or value != int(value) or not 200 <= value <= 599:
        return f"a status is a whole number from 200 to 599, got {value!r}"
    if int(value) in _NO_BODY and head.body_length != 0:
        return f"{int(value)} has no body, and this response has one: return respond({int(value)})"
    head.status, head.reason = int(value), b""
    return None


class _Made(Mapping[str, Callable[..., Any]]):
    """Functions that are made when they are asked for: each runtime has its own, and few are."""

    def __init__(self, of: Mapping[str, Any], make: Callable[[Any], Callable[..., Any]]) -> None:
        self._of = of
        self._make = make

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._make(self._of[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)


def fields_of(live: Mapping[int, Any]) -> dict[str, tuple[Host, Host]]:
    """Reads and writes of each type of facade, as functions of a number (and a value)."""

    def read(f: Read) -> Callable[[int], Any]:
        return lambda number: f(live[number])

    def write(f: Callable[[Any, Any], str | None]) -> Callable[[int, Any], Any]:
        def written(number: int, value: Any) -> Any:
            problem = f(live[number], value)
            return None if problem is None else (None, problem)

        return written

    def on_request(f: Callable[[RequestHead, str], str | None]) -> Callable[..., Any]:
        return write(lambda x, value: f(x.request, str(value)))

    def on_outgoing(f: Callable[[RequestHead, str], str | None]) -> Callable[..., Any]:
        return write(lambda x, value: f(x.outgoing, str(value)))

    return {
        "req": (_Made(_REQ, read), _Made(_OF_A_CLIENT, on_request)),
        "res": (_Made(_RES, read), _Made({"status": _set_status}, write)),
        "up": (_Made(_UP, read), _Made(_OF_A_REQUEST, on_outgoing)),
        "client": (_Made(_CLIENT, read), {}),
        "tls": (_Made(_TLS, read), {}),
        "record": (_Made(_RECORD, read), {}),
    }
