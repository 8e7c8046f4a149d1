"""Records of finished exchanges for tests, made in one line."""

from __future__ import annotations

from typing import Any

from pointsman.model.headers import Field, Headers
from pointsman.model.message import RequestHead
from pointsman.model.record import OK, ExchangeRecord

TIME = 1795452000.5  # 2026-11-23T16:40:00.500Z


def record(headers: list[Field] | None = None, **changes: Any) -> ExchangeRecord:
    """The record of an ordinary GET, with some things otherwise."""
    usual = ExchangeRecord(
        time=TIME,
        service="site",
        client_ip="192.0.2.1",
        client_port=40000,
        method=b"GET",
        target=b"/index.html",
        minor=1,
        status=200,
        bytes_in=0,
        bytes_out=612,
        server="a",
        pin="new",
        attempts=1,
        connect=0.0,
        first_byte=0.25,
        total=0.5,
        request_id="8f3a09c1d2e4-31",
        termination=OK,
        request=RequestHead(b"GET", b"/index.html", Headers(headers or [])),
    )
    return usual._replace(**changes)
