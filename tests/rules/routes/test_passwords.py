"""Passwords against hashes as other programs write them."""

from __future__ import annotations

import importlib.util

import pytest

from pointsman_rules.routes.passwords import check_of, htpasswd

# Made by `htpasswd -nbm joe secret` and `htpasswd -nbs joe secret` (Apache 2.4), and by bcrypt.
APR1 = "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/"
SHA = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
BCRYPT = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"


@pytest.mark.parametrize(
    ("stored", "password"), [(APR1, b"myPassword"), (SHA, b"secret"), ("plain text", b"plain text")]
)
def test_the_right_password_is_right_and_others_are_not(stored: str, password: bytes) -> None:
    check = check_of(stored)
    assert check(password)
    assert not check(password + b"x")
    assert not check(b"")


def test_bcrypt_needs_its_package() -> None:
    if importlib.util.find_spec("bcrypt") is None:
        with pytest.raises(ValueError, match="pip install bcrypt"):
            check_of(BCRYPT)
    else:
        assert not check_of(BCRYPT)(b"wrong")


@pytest.mark.parametrize("stored", ["$1$abc$def", "$6$abc$def", "$argon2id$v=19$x"])
def test_other_hashes_are_refused(stored: str) -> None:
    with pytest.raises(ValueError, match="a hash of an unknown kind"):
        check_of(stored)


def test_a_file_of_htpasswd_is_read() -> None:
    assert htpasswd(f"# people\njoe:{APR1}\n\nann:{SHA}\n") == {"joe": APR1, "ann": SHA}


@pytest.mark.parametrize("text", ["joe", ":x", "joe:", f"ok:{SHA}\njoe:plain"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"line [12]: "):
        htpasswd(text)
