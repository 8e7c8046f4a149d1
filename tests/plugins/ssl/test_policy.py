"""Policies: what a name allows, and that OpenSSL takes it."""

from __future__ import annotations

from typing import Any

import pytest
from OpenSSL import SSL
from OpenSSL._util import lib
from pydantic import TypeAdapter, ValidationError

from kit.certificates import self_signed
from kit.sockets import socket_pair
from pointsman.net.tls_socket import ReadBuffer, TlsSocket
from pointsman_ssl.policy import POLICIES, CustomPolicy, Policy, PolicySetting, policy_of

HAS_HYBRID = SSL.OPENSSL_VERSION_NUMBER >= 0x30500000
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


@pytest.mark.skipif(not HAS_HYBRID, reason="this OpenSSL has no ML-KEM")
def test_keys_are_exchanged_by_the_hybrid_where_both_sides_have_it() -> None:
    server, client = (SSL.Context(SSL.TLS_METHOD) for _ in range(2))
    for context in (server, client):
        POLICIES["intermediate"].apply(context)
    leaf = self_signed("pool.example")
    server.use_certificate(leaf.certificate)
    server.use_privatekey(leaf.key)
    one, two = socket_pair()
    ends = SSL.Connection(server, one), SSL.Connection(client, two)
    ends[0].set_accept_state()
    ends[1].set_connect_state()
    sockets = [TlsSocket(end, ReadBuffer()) for end in ends]
    for _ in range(20):
        if [each.handshake() for each in sockets] == [1, 1]:
            break
    assert {end.get_group_name() for end in ends} == {"X25519MLKEM768"}
    one.close()
    two.close()
