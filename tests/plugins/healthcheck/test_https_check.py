"""HTTPS against real servers with good, bad and no certificates, with the TLS plugin in the box."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kit.certificates import Authority, Issued
from kit.probing import playing, probe_once
from kit.tls import theirs
from pointsman.app.loading import registry_with
from pointsman.config.build import Site, build
from pointsman.config.load import load_text
from pointsman.config.registry import Registry
from pointsman.contracts import Misfit, Surroundings
from pointsman.core.health_report import Report
from pointsman.model.errors import ConfigError
from pointsman_healthcheck.https_check import HttpsSettings, make

ROOT = Authority.root()
LEAF = ROOT.leaf("pool.example")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_with()


@contextmanager
def https_server(leaf: Issued = LEAF, seen: list[str] | None = None) -> Iterator[str]:
    context = theirs(leaf)
    names: list[str] = [] if seen is None else seen

    def note(sock: Any, name: str | None, context: Any) -> None:
        names.append(name or "")

    context.sni_callback = note

    def play(plain: socket.socket, stop: threading.Event) -> None:
        with context.wrap_socket(plain, server_side=True) as sock:
            request = sock.recv(4096)
            names.append(request.partition(b"Host: ")[2].partition(b"\r\n")[0].decode())
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            sock.recv(100)

    with playing(play) as place:
        yield place


def site(registry: Registry, folder: Path, place: str, health: str, tls: str = "none") -> Site:
    root = folder / "root.pem"
    root.write_bytes(ROOT.certificate_pem)
    text = f"""
version: 1
intermediates: {{ours: {{file: {root}}}}}
pools: {{web: {{health: {health}, servers: {{a: "{place}"}}}}}}
virtual_services: {{web: {{listen: "127.0.0.1:0", pool: web, tls: {tls}}}}}
"""
    return build(load_text(text, str(folder / "f.yaml"), registry), registry)


def probed(site: Site) -> Report:
    (plan,) = site.checks
    return probe_once(plan.check, plan.asked)


def test_without_a_word_on_tls_it_is_not_verified_and_says_so(
    registry: Registry, tmp_path: Path
) -> None:
    seen: list[str] = []
    with https_server(Authority.root().leaf("other"), seen) as place:
        report = probed(site(registry, tmp_path, place, "https"))
    assert report.outcome.value == "good", report.reason
    assert report.reason == "200 to HEAD /, TLS, not verified"
    assert (seen[0], seen[-1]) == ("", place)  # an address is nothing to ask for by SNI


def test_with_a_service_that_encrypts_it_is_done_as_that_does_it(
    registry: Registry, tmp_path: Path
) -> None:
    tls = "{mode: originate, upstream: {verify: ours, name: pool.example}}"
    seen: list[str] = []
    with https_server(LEAF, seen) as place:
        report = probed(site(registry, tmp_path, place, "https", tls))
    assert report.reason == "200 to HEAD /, TLS, as its service does"
    assert (seen[0], seen[-1]) == ("pool.example", place)
    with https_server(Authority.root().leaf("pool.example")) as place:
        report = probed(site(registry, tmp_path, place, "https", tls))
    assert report.outcome.value == "bad"
    assert "its certificate is not trusted: the issuer of " in report.reason
    assert report.tls_error in report.reason


@pytest.mark.parametrize(
    ("health", "outcome", "words"),
    [
        ("{kind: https, host: pool.example, tls: {verify: ours}}", "good", "200 to HEAD /, TLS"),
        (
            "{kind: https, host: other.example, tls: {verify: ours}}",
            "bad",
            "the certificate is for pool.example, not for other.example",
        ),
        ("{kind: https, tls: {verify: ours, name: pool.example}}", "good", "200 to HEAD /, TLS"),
        ("{kind: https, host: pool.example}", "good", "200 to HEAD /, TLS, not verified"),
        ("{kind: http, tls: {verify: none}}", "good", "200 to HEAD /, TLS, not verified"),
        ("{kind: https, tls: {verify: system}}", "bad", "its certificate is not trusted"),
    ],
)
def test_settings_of_its_own(
    registry: Registry, tmp_path: Path, health: str, outcome: str, words: str
) -> None:
    with https_server() as place:
        report = probed(site(registry, tmp_path, place, health))
    assert report.outcome.value == outcome, report.reason
    assert words in report.reason


def test_equal_checks_of_two_pools_share_their_probes(registry: Registry, tmp_path: Path) -> None:
    pool = "{health: {kind: https, path: /x}, servers: {a: 127.0.0.1:443}}"
    text = f"version: 1\npools: {{a: {pool}, b: {pool}, c: {pool.replace('/x', '/y')}}}\n"
    first, second, third = build(load_text(text, "f", registry), registry).checks
    assert first.check == second.check
    assert first.check != third.check


def test_what_is_wrong_is_told_where_it_was_written(registry: Registry, tmp_path: Path) -> None:
    for health, key in (
        ("{kind: https, tls: {verfy: none}}", "pools.web.health.tls.verfy"),
        ("{kind: https, tls: {verify: nobody}}", "pools.web.health.tls.verify"),
        ("{kind: https, tls: false}", "pools.web.health.tls"),
    ):
        with pytest.raises(ConfigError) as caught:
            site(registry, tmp_path, "127.0.0.1:443", health)
        assert [problem.key for problem in caught.value.problems] == [key]


def test_it_knows_what_http_knows() -> None:
    with pytest.raises(ValidationError):
        HttpsSettings.model_validate({"path": "no slash"})
    with pytest.raises(Misfit, match="https without TLS is http"):
        make(HttpsSettings(tls=False), Surroundings())
