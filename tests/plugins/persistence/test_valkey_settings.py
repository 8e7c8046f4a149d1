"""Tests of how a server is reached: options, TLS, users, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from twisted.logger import formatEvent

from kit.certificates import Authority
from kit.logs import noted_log
from kit.programs import NeedsProgram
from kit.valkey import Sharing, free_port, now, quick, sharing, valkey_server
from pointsman.contracts import Misfit, Surroundings
from pointsman_persistence.valkey_settings import ValkeyTableSettings, make

# The least that a user of ours must be allowed.
RIGHTS = (
    "~pointsman:* &pointsman:* -@all +hello +auth +ping +select +script|load +evalsha +scan"
    " +subscribe +publish +get +set +del +pexpire +pttl +time"
)


def settings(**options: Any) -> ValkeyTableSettings:
    given = {"server": "cache.example:6379", "timeout": 60.0, **options}
    return ValkeyTableSettings.model_validate(given)


def test_defaults() -> None:
    made = settings()
    assert (made.tls, made.user, made.database, made.prefix, made.size) == (
        False, "", 0, "pointsman", 1_000_000,
    )  # fmt: skip
    table = make(made, Surroundings("web"))
    assert (table.timeout, table.max_age) == (60.0, None)
    table.close()


@pytest.mark.parametrize(
    "options",
    [
        {"server": "cache.example:0"},
        {"server": "cache example"},
        {"server": ""},
        {"database": -1},
        {"prefix": ""},
        {"prefix": "a:b"},
        {"prefix": "a b"},
        {"password": "hunter2"},
        {"size": 0},
        {"timeout": "0"},
    ],
)
def test_settings_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**options)


@pytest.mark.parametrize(
    ("options", "message", "at"),
    [
        ({"ca": "ca.pem"}, "ca is for TLS", ("ca",)),
        ({"tls_name": "x"}, "tls_name is for TLS", ("tls_name",)),
        ({"user": "us"}, "a user needs a password", ("user",)),
        ({"tls": True, "ca": "nowhere.pem"}, "No such file", ("ca",)),
        ({"tls": True, "ca": "empty.pem"}, "holds no certificate", ("ca",)),
        ({"tls": True, "ca": "broken.pem"}, "holds no certificate", ("ca",)),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, options: dict[str, Any], message: str, at: tuple[str, ...]
) -> None:
    (tmp_path / "empty.pem").touch()
    (tmp_path / "broken.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    )
    with pytest.raises(Misfit, match=message) as caught:
        make(settings(**options), Surroundings("web", folder=lambda below: tmp_path))
    assert caught.value.at == at


def test_a_password_that_cannot_be_had_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="POINTSMAN_NO_SUCH_VARIABLE is not set"):
        make(settings(password={"env": "POINTSMAN_NO_SUCH_VARIABLE"}), Surroundings("web"))


def test_a_user_with_the_least_rights_is_enough(
    tmp_path: Path, needs_program: NeedsProgram
) -> None:
    program = needs_program("redis-server", package="redis-server")
    (tmp_path / "password").write_text("correct horse\n")

    async def work(site: Sharing) -> None:
        options = {"user": "us", "password": {"file": str(tmp_path / "password")}}
        one, two = await site.ready(**options), await site.ready(**options)
        one.put(b"k", "a", now())
        await site.holds(two, b"k", "a")
        two.find(b"k", now() + 30.0)
        two.drop(b"k")
        await site.holds(one, b"k", None)
        await site.settled()

    with valkey_server(program, tmp_path / "server") as server, noted_log() as events:
        rule = ["ACL", "SETUSER", "us", "on", ">correct horse", *RIGHTS.split()]
        assert server.ask(*rule) == b"+OK\r\n"
        sharing(server, work)
    assert not [line for line in map(formatEvent, events) if line and "refuses" in line]


def test_a_wrong_password_is_told_and_holds_nobody_up(
    tmp_path: Path, needs_program: NeedsProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = needs_program("redis-server", package="redis-server")
    monkeypatch.setenv("CACHE_PASSWORD", "wrong")

    async def work(site: Sharing) -> None:
        table = await site.ready(password={"env": "CACHE_PASSWORD"})
        table.put(b"k", "a", now())
        assert table.find(b"k", now()) is not None
        assert not table._is_up

    with (
        valkey_server(program, tmp_path / "server", ["--requirepass", "right"]) as server,
        noted_log() as events,
    ):
        sharing(server, work)
    told = [line for line in map(formatEvent, events) if line and "is lost" in line]
    assert len(told) == 1
    assert "WRONGPASS" in told[0]
    assert "wrong" not in told[0].replace("WRONGPASS", "")


def test_through_a_unix_socket(tmp_path: Path, needs_program: NeedsProgram) -> None:
    program = needs_program("redis-server", package="redis-server")
    path = tmp_path / "s"

    async def work(site: Sharing) -> None:
        one, two = await site.ready(server=f"unix:{path}"), await site.ready()
        one.put(b"k", "a", now())
        await site.holds(two, b"k", "a")

    with valkey_server(program, tmp_path / "server", ["--unixsocket", str(path)]) as server:
        sharing(server, work)


def test_through_tls_the_server_is_verified(tmp_path: Path, needs_program: NeedsProgram) -> None:
    program = needs_program("redis-server", package="redis-server")
    root = Authority.root()
    leaf = root.leaf("cache.example")
    (tmp_path / "ca.pem").write_bytes(root.certificate_pem)
    (tmp_path / "leaf.pem").write_bytes(leaf.certificate_pem)
    (tmp_path / "key.pem").write_bytes(leaf.key_pem)
    port = free_port()
    options = [
        "--tls-port", str(port), "--tls-cert-file", str(tmp_path / "leaf.pem"), "--tls-key-file",
        str(tmp_path / "key.pem"), "--tls-ca-cert-file", str(tmp_path / "ca.pem"),
        "--tls-auth-clients", "no",
    ]  # fmt: skip

    async def work(site: Sharing) -> None:
        through = {"server": f"127.0.0.1:{port}", "tls": True}
        ca = {"ca": str(tmp_path / "ca.pem")}
        good = await site.ready(**through, **ca, tls_name="cache.example")
        assert await site.until(lambda: good._is_up)
        plain = await site.ready()
        good.put(b"k", "a", now())
        await site.holds(plain, b"k", "a")
        for wrong in ({**ca, "tls_name": "other.example"}, {"tls_name": "cache.example"}, ca):
            table = await site.ready(**through, **wrong)
            assert not table._is_up

    with quick(), valkey_server(program, tmp_path / "server", options) as server:
        sharing(server, work)
