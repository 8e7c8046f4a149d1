"""Keyed hashes, sealed texts and tokens."""

import json
from typing import Any

import jwt
from hypothesis import given
from hypothesis import strategies as st

from pointsman_rules.sealing import equal, jwt_verify, mac, seal, unseal

KEY = "a key of at least sixteen bytes"
SECRET = "a secret of at least thirty-two bytes"


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_only_the_same_key_opens_what_was_sealed(text: str) -> None:
    sealed = seal(KEY, text, "cookie uid")
    assert unseal(KEY, sealed, "cookie uid") == text
    assert unseal(KEY + "!", sealed, "cookie uid")[0] is None
    assert unseal(KEY, sealed, "cookie other")[0] is None


def test_what_was_changed_is_not_opened() -> None:
    sealed = seal(KEY, "text")
    assert isinstance(sealed, str)
    changed = sealed[:-2] + ("A" if sealed[-2] != "A" else "B") + sealed[-1]
    for wrong in (changed, sealed[:10], "", "no base64 ä"):
        assert unseal(KEY, wrong)[0] is None


def test_a_short_key_is_refused() -> None:
    assert seal("short", "text")[0] is None
    assert unseal("short", "text")[0] is None


def test_keyed_hashes() -> None:
    assert mac("k", "t") == mac("k", "t", "sha256")
    assert mac("k", "t", "md4")[0] is None
    assert equal("a", "a")
    assert not equal("a", "b")


def verified(claims: dict[str, Any], now: float = 1000.0, **options: Any) -> Any:
    token = jwt.encode(claims, SECRET, "HS256")
    told = {"algorithms": ["HS256"], "leeway": 0, **options}
    said = jwt_verify(lambda: now, token, SECRET, json.dumps(told))
    return json.loads(said) if isinstance(said, str) else said[1]


def test_a_good_token_tells_its_claims() -> None:
    assert verified({"sub": "a", "exp": 1001, "nbf": 1000}) == {
        "sub": "a",
        "exp": 1001,
        "nbf": 1000,
    }


def test_a_token_that_is_not_good_is_refused_with_the_reason() -> None:
    assert verified({"exp": 1000}) == "Signature has expired"
    assert verified({"exp": 990}, leeway=20) == {"exp": 990}
    assert verified({"nbf": 1001}) == "The token is not yet valid"
    assert verified({"exp": "x"}) == "exp is no number"
    assert "udience" in verified({"aud": "a"}, audience="b")
    assert "ssuer" in verified({"iss": "a"}, issuer="b")
    assert verified({"aud": "a"}) == {"aud": "a"}
    assert "nothing" in verified({}, algorithms=["none"])
    assert "alg" in verified({}, algorithms=["HS512"])
    assert jwt_verify(lambda: 0.0, "x.y", SECRET, '{"algorithms": ["HS256"]}')[0] is None
