"""The settings of active cookies: every attribute, and what browsers would drop."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kit.persistences import answering, asking, made
from pointsman.contracts import Misfit, Persistence, Surroundings
from pointsman.model.server import RealServer
from pointsman_persistence.active_cookie_settings import ActiveCookieSettings, make


def set_cookie(persistence: Persistence, secure: bool = False) -> bytes:
    """What the first answer to a client sets, its token left out."""
    arrival, head = asking(secure=secure), answering()
    assert persistence.find(arrival, 0.0) is None
    persistence.bind(arrival, "a", 0.0)
    persistence.response(arrival, head, "a", 0.0)
    (line,) = head.headers.get_all(b"set-cookie")
    name, _, rest = line.partition(b"=")
    return name + b"=" + rest[44:]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, b"pin=; Path=/; HttpOnly"),
        ({"path": "/app"}, b"pin=; Path=/app; HttpOnly"),
        ({"domain": "example.org"}, b"pin=; Path=/; Domain=example.org; HttpOnly"),
        ({"secure": True}, b"pin=; Path=/; HttpOnly; Secure"),
        ({"secure": False, "http_only": False}, b"pin=; Path=/"),
        ({"same_site": "lax"}, b"pin=; Path=/; HttpOnly; SameSite=Lax"),
        ({"same_site": "Strict"}, b"pin=; Path=/; HttpOnly; SameSite=Strict"),
        ({"same_site": "none", "secure": True}, b"pin=; Path=/; HttpOnly; SameSite=None; Secure"),
        ({"partitioned": True, "secure": True}, b"pin=; Path=/; HttpOnly; Partitioned; Secure"),
        ({"cookie_max_age": "30d"}, b"pin=; Path=/; Max-Age=2592000; HttpOnly"),
        ({"cookie": "__Host-pin", "secure": True}, b"__Host-pin=; Path=/; HttpOnly; Secure"),
        ({"cookie": "MS-WSMAN", "http_only": False}, b"MS-WSMAN=; Path=/"),
    ],
)
def test_every_attribute_can_be_set(options: dict[str, Any], line: bytes) -> None:
    assert set_cookie(made("active_cookie", **{"cookie": "pin", **options})) == line


def test_where_the_client_uses_tls_the_cookie_does() -> None:
    assert set_cookie(made("active_cookie", cookie="pin"), True).endswith(b"; Secure")


def test_without_a_name_each_pool_has_its_own() -> None:
    names = {
        set_cookie(make(ActiveCookieSettings(), Surroundings(pool))).partition(b"=")[0]
        for pool in ("one", "other")
    }
    assert len(names) == 2
    assert all(name.startswith(b"pointsman-") and b"one" not in name for name in names)


def test_without_a_secret_it_is_told_what_that_means(tmp_path: Path) -> None:
    (warning,) = made("active_cookie").warnings
    assert "made anew at each start" in warning
    (tmp_path / "key").write_text("0123456789abcdef\n")
    settings = ActiveCookieSettings.model_validate({"secret": {"file": "key"}})
    pins = [
        make(settings, Surroundings("pool", "http", folder=lambda keys: tmp_path)) for _ in range(2)
    ]
    assert pins[0].warnings == ()
    arrival, head = asking(), answering()
    pins[0].bind(arrival, "a", 0.0)
    pins[0].response(arrival, head, "a", 0.0)
    line = head.headers.get(b"set-cookie") or b""
    pins[1].keep([RealServer("a")])
    assert pins[1].find(asking(b"Cookie: " + line.partition(b";")[0]), 0.0) == "a"


def test_a_secret_is_kept_where_there_is_a_place_for_it(tmp_path: Path) -> None:
    around = Surroundings("pool", "http", state_dir=tmp_path / "state")
    one, other = make(ActiveCookieSettings(), around), make(ActiveCookieSettings(), around)
    assert one.warnings == ()
    assert not (tmp_path / "state").exists()  # a configuration may be looked at by anybody
    arrival, head = asking(), answering()
    one.bind(arrival, "a", 0.0)
    one.response(arrival, head, "a", 0.0)
    line = head.headers.get(b"set-cookie") or b""
    other.keep([RealServer("a")])
    assert other.find(asking(b"Cookie: " + line.partition(b";")[0]), 0.0) == "a"


@pytest.mark.parametrize(
    ("options", "at", "message"),
    [
        ({"same_site": "none"}, "same_site", "SameSite=None without Secure"),
        ({"partitioned": True, "secure": False}, "partitioned", "partitioned cookie without"),
        ({"cookie": "__Host-a"}, "cookie", "__Host-... without Secure"),
        ({"cookie": "__Secure-a"}, "cookie", "__Secure-... without Secure"),
        ({"cookie": "__Host-a", "secure": True, "path": "/x"}, "cookie", "with path /"),
        ({"cookie": "__Host-a", "secure": True, "domain": "x.org"}, "cookie", "without domain"),
        ({"rotate": "1h", "timeout": "31m"}, "rotate", "outlive the key"),
        ({"secret": {"file": "none"}}, "secret", "cannot read the secret"),
        ({"secret": {"file": "short"}}, "secret", "5 characters can be guessed"),
        ({"previous_secret": {"file": "short"}}, "previous_secret", "without `secret`"),
        ({"secret": {"file": "long"}, "previous_secret": {"file": "no"}}, "previous_secret",
         "cannot read"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_where_it_stands(
    options: dict[str, Any], at: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "short").write_text("12345")
    (tmp_path / "long").write_text("0123456789abcdef")
    settings = ActiveCookieSettings.model_validate(options)
    with pytest.raises(Misfit, match=message) as caught:
        make(settings, Surroundings("pool", "http", folder=lambda keys: tmp_path))
    assert caught.value.at == (at,)


def test_not_in_tcp_mode() -> None:
    with pytest.raises(Misfit, match="active_cookie looks at requests"):
        made("active_cookie", mode="tcp")


@pytest.mark.parametrize(
    "options",
    [{"cookie": "a b"}, {"path": "app"}, {"path": "/a; Domain=x"}, {"domain": "a;b"},
     {"domain": "x..y"}, {"same_site": "some"}, {"same_site": 1}, {"secret": "plain"},
     {"max_age": "0s"}, {"caches": "public"}],
)  # fmt: skip
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ActiveCookieSettings.model_validate(options)
