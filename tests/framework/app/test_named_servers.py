"""What an operator types, and which servers are meant by it."""

from __future__ import annotations

import pytest

from pointsman.app.health_try import NoServer
from pointsman.app.loading import configuration_of, registry_with
from pointsman.app.named_servers import named_servers
from pointsman.config.build import build
from pointsman.config.draft import Site


@pytest.fixture(scope="module")
def site() -> Site:
    registry = registry_with()
    config = {
        "version": 1,
        "pools": {
            "web": {"health": "none", "servers": {"a": "127.0.0.1:1", "b": "127.0.0.1:2"}},
            "api[1]": {"health": "none", "servers": {"a": "127.0.0.1:3", "c/d": "127.0.0.1:4"}},
        },
    }
    return build(configuration_of(config, registry), registry)


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (["web/a"], ["web/a"]),
        (["b", "web/b"], ["web/b"]),
        (["c/d"], ["api[1]/c/d"]),
        (["api[1]/c/d"], ["api[1]/c/d"]),
        (["*"], ["web/a", "web/b", "api[1]/a", "api[1]/c/d"]),
        (["*/a", "web/*"], ["web/a", "api[1]/a", "web/b"]),
        (["api[1]/?"], ["api[1]/a"]),
    ],
)
def test_who_is_meant(site: Site, names: list[str], meant: list[str]) -> None:
    found = named_servers(site, names)
    assert [f"{pool.name}/{member.name}" for pool, member in found] == meant


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "no server is named"),
        (["web/a", "web/x"], "there is no server 'web/x'"),
        (["a"], "several pools have a server 'a'"),
        (["x*"], "no POOL/SERVER is like 'x"),
        (["WEB/*"], "no POOL/SERVER is like"),
        ([""], "there is no server ''"),
    ],
)
def test_who_is_not_there(site: Site, names: list[str], words: str) -> None:
    with pytest.raises(NoServer, match=words):
        named_servers(site, names)
