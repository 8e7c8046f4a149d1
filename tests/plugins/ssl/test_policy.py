"""Policies: what a name allows, and that OpenSSL takes it."""

from __future__ import annotations

from typing import Any

import pytest
from OpenSSL import SSL
from OpenSSL._util import lib
from pydantic import TypeAdapter, ValidationError

from pointsman_ssl.policy import POLICIES, CustomPolicy, Policy, PolicySetting, policy_of

SETTING: TypeAdapter[Any] = TypeAdapter(PolicySetting)


def ciphers(policy: Policy) -> list[str]:
    context = SSL.Context(SSL.TLS_METHOD)
    policy.apply(context)
    return SSL.Connection(context, None).get_cipher_list()


@pytest.mark.parametrize("name", ["modern", "intermediate"])
def test_the_good_policies_allow_aead_with_forward_secrecy_only(name: str) -> None:
    for cipher in ciphers(POLICIES[name]):
        assert cipher.startswith(("TLS_", "ECDHE-"))
        assert "GCM" in cipher or "CHACHA20" in cipher


def test_legacy_is_explicit_and_allows_what_old_clients_need() -> None:
    allowed = ciphers(POLICIES["legacy"])
    assert "AES128-SHA" in allowed
    assert not any(
        word in each for each in allowed for word in ("RC4", "DES", "NULL", "EXP", "MD5")
    )
    assert allowed[:3] == ciphers(POLICIES["intermediate"])[:3]


def test_a_name_or_everything_in_place() -> None:
    assert policy_of(SETTING.validate_python("modern")).oldest == "1.3"
    custom = policy_of(SETTING.validate_python({"oldest": 1.3, "groups": ["P-384"]}))
    assert (custom.name, custom.oldest, custom.groups) == ("custom", "1.3", ("P-384",))
    assert policy_of(CustomPolicy()).ciphers == POLICIES["intermediate"].ciphers


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"oldest": "1.3", "newest": "1.2"}, "newer than newest"),
        ({"ciphers": "NONSENSE"}, "knows no cipher"),
        ({"ciphers": "Ünsinn"}, "knows no cipher"),
        ({"suites": "TLS_NONSENSE"}, "suites"),
        ({"groups": ["nonsense"]}, "knows none of the groups nonsense"),
        ({"groups": []}, "none of the groups"),
        ({"oldest": "0.9"}, "1.0"),
    ],
)
def test_what_openssl_does_not_know_is_an_error_when_it_is_read(raw: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SETTING.validate_python(raw)
    assert lib.ERR_peek_error() == 0


def test_groups_that_this_openssl_lacks_are_left_out() -> None:
    Policy("custom", groups=("X99999", "X25519")).apply(SSL.Context(SSL.TLS_METHOD))
    assert lib.ERR_peek_error() == 0
