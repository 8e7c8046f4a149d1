"""An identity knows its names and its days, and shows no key."""

from datetime import UTC, datetime

from kit.certificates import Authority
from pointsman_ssl.identity import Identity

ROOT = Authority.root()


def test_what_an_identity_tells() -> None:
    made = ROOT.leaf("a.example", "*.b.example", "127.0.0.1", days=(-1, 10))
    identity = Identity("mine", made.certificate, made.key)
    assert identity.dns_names == ("a.example", "*.b.example")
    assert [str(one) for one in identity.addresses] == ["127.0.0.1"]
    assert identity.key_type == "ECDSA P-256"
    assert identity.days_left(datetime.now(UTC)) == 9
    assert identity.not_before < datetime.now(UTC) < identity.not_after
    assert len(identity.fingerprint) == 64
    assert not identity.temporary


def test_a_common_name_stands_in_for_missing_names() -> None:
    made = ROOT.leaf(common_name="Old.Example")
    assert Identity("old", made.certificate, made.key).dns_names == ("old.example",)
    by_address = ROOT.leaf("127.0.0.1", common_name="box")
    assert Identity("ip", by_address.certificate, by_address.key).dns_names == ()


def test_its_key_is_not_shown_and_not_compared() -> None:
    made = ROOT.leaf("a.example")
    identity = Identity("mine", made.certificate, made.key)
    assert "key" not in repr(identity)
    assert "PrivateKey" not in repr(identity)
    assert identity == Identity("mine", made.certificate, ROOT.key)
    assert identity != Identity("mine", made.certificate, made.key, (ROOT.certificate,))
