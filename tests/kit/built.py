"""A site that is built out of a text, with the plugins of ``kit.offers``."""

from __future__ import annotations

from kit.offers import registry_of
from pointsman.config.build import Site, build
from pointsman.config.load import load_text
from pointsman.config.registry import Registry

SITE = """\
version: 1
pools:
  web:
    persistence: pins
    servers: {a: "127.0.0.1:1", b: {address: "127.0.0.2:2", weight: 7}}
    health: {kind: page, path: /up, interval: 20s, port: 99}
virtual_services:
  one: {listen: "*:80", pool: web, timeouts: {idle: 5s}}
  two: {listen: "*:81", mode: tcp, pool: {health: none, servers: {c: unix:/run/c}}}
"""


def built(text: str, registry: Registry | None = None, previous: Site | None = None) -> Site:
    registry = registry or registry_of()
    return build(load_text(text, "f", registry), registry, previous)
