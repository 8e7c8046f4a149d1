"""The configurations: like for like, and accepted by the programs that are there."""

import os
import subprocess
from pathlib import Path

import pytest
from bench.certificate import write_certificate
from bench.processes import program_path
from bench.rivals import RIVALS, Pointsman, PurePointsman, Site, is_compiled
from ruamel.yaml import YAML

PROXIES = ["pointsman", "haproxy", "nginx", "caddy"]


def site(folder: Path) -> Site:
    return Site(
        folder,
        http_port=18001,
        tcp_port=18002,
        tls_port=18005,
        reencrypt_port=18006,
        servers=(18003, 18004),
        tls_servers=(18007, 18008),
        certificate=write_certificate(folder),
    )


@pytest.mark.parametrize("name", PROXIES)
def test_every_proxy_balances_by_least_connections_over_both_servers(
    name: str, tmp_path: Path
) -> None:
    (text,) = RIVALS[name].files(site(tmp_path)).values()
    assert "127.0.0.1:18003" in text
    assert "127.0.0.1:18004" in text
    assert any(word in text for word in ("least_connections", "leastconn", "least_conn"))


def test_only_the_proxies_that_relay_tcp_listen_for_it(tmp_path: Path) -> None:
    for name in PROXIES:
        (text,) = RIVALS[name].files(site(tmp_path)).values()
        assert ("18002" in text) == ("tcp" in RIVALS[name].offers), name


def test_pointsman_runs_with_all_that_is_standard(tmp_path: Path) -> None:
    (text,) = Pointsman().files(site(tmp_path)).values()
    config = YAML(typ="safe").load(text)
    pool = config["pools"]["web"]
    assert pool["persistence"]["kind"] == "source_ip"
    assert pool["health"] == {"kind": "http", "path": "/", "interval": "9s"}
    assert config["access_log"]["to"]["file"] == f"{tmp_path}/access.log"
    assert {service["listen"] for service in config["virtual_services"].values()} == {
        "127.0.0.1:18001",
        "127.0.0.1:18002",
        "127.0.0.1:18005",
        "127.0.0.1:18006",
    }


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("haproxy", ["-c", "-f", "haproxy.cfg"]),
        ("nginx", ["-t", "-p", ".", "-e", "error.log", "-c", "nginx.conf"]),
        ("caddy", ["adapt", "--adapter", "caddyfile", "--config", "Caddyfile"]),
    ],
)
def test_the_program_itself_accepts_its_configuration(
    name: str, arguments: list[str], tmp_path: Path
) -> None:
    program = program_path(name)
    if program is None:
        pytest.skip(f"{name} is not installed, so nobody will compare with it either")
    place = site(tmp_path)
    RIVALS[name].prepare(place)
    if name == "nginx":
        arguments = [word.replace("nginx.conf", f"{tmp_path}/nginx.conf") for word in arguments]
    outcome = subprocess.run(
        [program, *arguments],
        cwd=tmp_path,
        env=RIVALS[name].environment(place),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("rival", [Pointsman(), PurePointsman()], ids=lambda rival: rival.name)
def test_pointsman_accepts_its_configuration(rival: Pointsman, tmp_path: Path) -> None:
    *program, _, config = rival.prepare(site(tmp_path))
    outcome = subprocess.run(
        [*program, "check", config],
        env={**os.environ, **rival.environment(site(tmp_path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_pure_one_runs_the_sources_whatever_is_installed(tmp_path: Path) -> None:
    python, *_ = PurePointsman().prepare(site(tmp_path))
    outcome = subprocess.run(
        [python, "-m", "pointsman", "--version"],
        cwd=tmp_path,
        env={**os.environ, **PurePointsman().environment(site(tmp_path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "(pure Python)" in outcome.stdout, outcome.stderr


def test_only_beside_a_compiled_one_the_pure_one_takes_part() -> None:
    version = Pointsman().version()
    assert version is not None
    assert (PurePointsman().version() is not None) == is_compiled(version)
    assert is_compiled("0.1.0 (compiled)")
    assert not is_compiled("0.1.0 (pure Python)")
    assert not is_compiled(None)
