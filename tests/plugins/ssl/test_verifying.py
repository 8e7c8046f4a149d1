"""What is wrong with a certificate, in words."""

from __future__ import annotations

import pytest

from kit.certificates import Authority, self_signed
from pointsman_ssl.verifying import in_words, name_trouble, pin_of

ROOT = Authority.root()
LEAF = ROOT.leaf("pool.example", *(f"n{number}.example" for number in range(9))).certificate


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (10, "'pool.example' has expired on "),
        (20, "the issuer of 'pool.example', 'Test Root', is unknown"),
        (23, "'pool.example' has been revoked"),
        (987, "'pool.example' cannot be trusted (OpenSSL's error 987)"),
    ],
)
def test_openssls_numbers_have_words(error: int, words: str) -> None:
    assert words in in_words(LEAF, error)


def test_a_mismatch_tells_both_names_and_not_a_hundred() -> None:
    trouble = name_trouble(LEAF, "other.example")
    assert trouble.startswith("the certificate is for pool.example, n0.example")
    assert trouble.endswith("and 5 more, not for other.example")
    assert name_trouble(LEAF, "N8.Example") == ""


@pytest.mark.parametrize("name", ["", "a b", "ü.example", "*.example", "1.2.3"])
def test_odd_names_match_nothing_and_never_raise(name: str) -> None:
    assert name_trouble(LEAF, name)


def test_a_pin_is_of_the_key_not_of_the_certificate() -> None:
    one = self_signed("a.example", kind="rsa")
    two = self_signed("b.example", kind="rsa")
    assert pin_of(one.certificate) == pin_of(two.certificate)
    assert pin_of(one.certificate) != pin_of(LEAF)
    assert len(pin_of(LEAF)) == 64
