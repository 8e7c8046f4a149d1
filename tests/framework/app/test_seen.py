"""What an operator sees is told in JSON as it stands."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from pointsman.app.control.writing import written
from pointsman.app.seen import (
    DrainSeen,
    PoolSeen,
    Rates,
    RemovedSeen,
    ServerSeen,
    ServiceSeen,
    SiteSeen,
    TlsSeen,
)
from pointsman.config.steps import at_once

SERVER = ServerSeen(
    "web", "a", "127.0.0.1:1", "draining", "by command", 1.0, ["draining"], False, 1, 1, 1, 0, 0,
    5, 0.5, 0, 0, None, DrainSeen(None, 1, 2.0, None, "words"),
)  # fmt: skip
TLS = TlsSeen("offload", True, 1, 0, 0, {"late": 2}, {"a": "expired"})
SERVICE = ServiceSeen(
    "site", "up", "1 of 1", None, "http", ["*:80"], "web", "", TLS, 1, 2, 3, {"2xx": 3}, 4, 5,
    Rates(), False, {"rule_failures": 1.0},
)  # fmt: skip
SITE = SiteSeen(
    "1", 2, "site.yaml", 3, 1.0, 2.0, ["a warning"], [SERVICE],
    [PoolSeen("web", "round_robin", ["source_ip"], "", {"forged": 3}, 0, [SERVER])],
    [RemovedSeen("b", "127.0.0.1:2", 3, 4.0)],
)  # fmt: skip


def test_it_is_json() -> None:
    assert json.loads(at_once(written(SITE))) == asdict(SITE)


def test_every_attribute_is_explained() -> None:
    for kind in (
        DrainSeen,
        PoolSeen,
        Rates,
        RemovedSeen,
        ServerSeen,
        ServiceSeen,
        SiteSeen,
        TlsSeen,
    ):
        told = kind.__doc__ or ""
        assert [each.name for each in fields(kind) if f" {each.name}: " not in told] == []
