"""How a record of the access log is written: JSON or combined, always one line of plain ASCII."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from pointsman.app.redaction import Redaction
from pointsman.model.message import RequestHead
from pointsman.model.record import ExchangeRecord

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_METHODS: Final = {
    name.encode(): f'"{name}"'
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE")
}

# As a number: to look for bytes in bytes raises and catches an error inside, each time.
_QUESTION_MARK: Final = ord("?")

# Cheaper than to format the number each time.
_THOUSANDTHS: Final = tuple(f"{number:03d}" for number in range(1000))


class _Quoted(dict[str, str]):
    """JSON strings of words that come again and again: names of the configuration, our words."""

    def __missing__(self, word: str) -> str:
        self[word] = text = quoted(word) if word else "null"
        return text


class JsonFormat:
    """One JSON object a line; what is not there is null.

    Bytes of a request that are not UTF-8 are shown as ``\\xhh``.

    Args:
        redaction: takes out what is not to be shown.
        headers: request headers to be added under ``headers``, by their names in lower case.
    """

    __slots__ = ("_headers", "_prefix", "_redaction", "_second", "_words")

    def __init__(self, redaction: Redaction, headers: Sequence[str] = ()) -> None:
        self._redaction = redaction
        self._headers = tuple((name.lower().encode(), quoted(name.lower())) for name in headers)
        self._words = _Quoted()
        self._second = -1
        self._prefix = ""

    def line(self, record: ExchangeRecord) -> str:
        """The record as a line (hot)."""
        (
            when, service, client_ip, port, method, target, _, status, bytes_in, bytes_out, server,
            pin, attempts, connect, first_byte, total, request_id, termination, request,
            server_name, fields,
        ) = record  # fmt: skip
        second = int(when)
        if second != self._second:
            self._second = second
            self._prefix = time.strftime('{"time":"%Y-%m-%dT%H:%M:%S.', time.gmtime(second))
        words = self._words
        if _QUESTION_MARK in target:
            target = self._redaction.target(target)
        return (
            f'{self._prefix}{_THOUSANDTHS[int((when - second) * 1000)]}Z"'
            f',"service":{words[service]}'
            f',"client":{quoted(client_ip)},"client_port":{port}'
            f',"method":{_METHODS.get(method) or _text(method)},"target":{_text(target)}'
            f',"status":{status or "null"},"bytes_in":{bytes_in},"bytes_out":{bytes_out}'
            f',"server":{words[server]},"pin":{words[pin]},"attempts":{attempts}'
            f',"connect":{_seconds(connect) if connect else 0},"first_byte":{_seconds(first_byte)}'
            f',"total":{_seconds(total)},"request_id":{quoted(request_id)}'
            f',"termination":{words[termination]}'
            f"{_server_name(server_name) if server_name else ''}"
            f"{self._more(request) if self._headers else ''}"
            f"{_fields(fields) if fields else ''}}}\n"
        )

    def _more(self, request: RequestHead | None) -> str:
        found = [
            f"{key}:{_text(value)}"
            for name, key in self._headers
            if (value := _value_of(name, request, self._redaction)) is not None
        ]
        return f',"headers":{{{",".join(found)}}}'


def _server_name(name: str) -> str:
    return f',"server_name":{quoted(name)}'


def _fields(fields: Mapping[str, str]) -> str:
    found = [f"{quoted(str(name))}:{quoted(str(value))}" for name, value in fields.items()]
    return f',"fields":{{{",".join(found)}}}'


def _seconds(duration: float) -> str:
    """Seconds with microseconds; null for what never came (hot).

    Put together from whole numbers: to format a float costs three times as much, and makes the
    compiled build format the whole line the slow way.
    """
    if duration < 0:
        return "null"
    micros = int(duration * 1e6 + 0.5)
    return f"{micros // 1000000}.{_THOUSANDTHS[micros // 1000 % 1000]}{_THOUSANDTHS[micros % 1000]}"


def _text(data: bytes) -> str:
    """A JSON string, or null for b""."""
    if not data:
        return "null"
    try:
        return quoted(data.decode())
    except UnicodeDecodeError:
        return quoted(data.decode("utf-8", "backslashreplace"))


def _value_of(wanted: bytes, request: RequestHead | None, redaction: Redaction) -> bytes | None:
    """The value of a request header, repeated ones joined, redacted; None if it is not there."""
    if request is None:
        return None
    values = [redaction.header(wanted, value) for value in request.headers.get_all(wanted)]
    return b", ".join(values) if values else None


_ODD: Final = re.compile(rb"[^ !#-\[\]-~]")
_ESCAPES: Final = {
    number: f"\\x{number:02x}" for number in (*range(0x20), *range(0x7F, 0x100))
} | {ord('"'): '\\"', ord("\\"): "\\\\"}  # fmt: skip


class CombinedFormat:
    """The line of Apache and nginx that every log analyser reads.

    ``client - - [time] "request" status bytes "Referer" "User-Agent"``, and after it each of the
    further headers in quotes. Quotes and backslashes are escaped by a backslash, all that is not
    printable ASCII as ``\\xhh``; ``-`` stands for what is not there. The time is in UTC.

    Source: Apache mod_log_config, "combined"; its rules for escaping.

    Args:
        redaction: takes out what is not to be shown.
        headers: further request headers.
    """

    __slots__ = ("_headers", "_prefix", "_redaction", "_second")

    def __init__(self, redaction: Redaction, headers: Sequence[str] = ()) -> None:
        self._redaction = redaction
        self._headers = (b"referer", b"user-agent", *(name.lower().encode() for name in headers))
        self._second = -1
        self._prefix = ""

    def line(self, record: ExchangeRecord) -> str:
        """The record as a line."""
        second = int(record.time)
        if second != self._second:
            self._second = second
            day = time.gmtime(second)
            self._prefix = time.strftime(f"%d/{_MONTHS[day.tm_mon - 1]}/%Y:%H:%M:%S +0000", day)
        target = record.target
        if _QUESTION_MARK in target:
            target = self._redaction.target(target)
        request = "-"
        if record.method:
            request = f"{_bare(record.method)} {_bare(target)} HTTP/1.{record.minor}"
        more = " ".join(
            f'"{_bare(_value_of(name, record.request, self._redaction))}"' for name in self._headers
        )
        # A space would end the field, and an address that a proxy tells may be any text.
        client = _bare(record.client_ip.encode()).replace(" ", "\\x20")
        return (
            f'{client} - - [{self._prefix}] "{request}" {record.status or "-"} {record.bytes_out}'
            f" {more}\n"
        )


def _bare(data: bytes | None) -> str:
    """Text that can stand between quotes."""
    if not data:
        return "-"
    if _ODD.search(data) is None:
        return data.decode("ascii")
    return data.decode("latin-1").translate(_ESCAPES)
