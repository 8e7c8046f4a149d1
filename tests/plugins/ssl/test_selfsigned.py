"""A temporary identity is for the names that were asked for, for 30 days."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from pointsman_ssl.certificate import is_ca, spki
from pointsman_ssl.selfsigned import self_signed

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_temporary_identity() -> None:
    made = self_signed("FE Pool", ["Pool.example", "*.web.example", "127.0.0.1", "[::1]"], NOW)
    assert made.temporary
    assert made.dns_names == ("pool.example", "*.web.example")
    assert [str(one) for one in made.addresses] == ["127.0.0.1", "::1"]
    assert made.key_type == "ECDSA P-256"
    assert made.not_after == NOW + timedelta(days=30)
    assert made.not_before < NOW
    assert spki(made.leaf) == spki(made.key)
    assert not is_ca(made.leaf)
    made.leaf.verify_directly_issued_by(made.leaf)
    assert self_signed("x", [], NOW).dns_names == ("localhost",)
    assert spki(self_signed("x", [], NOW).key) != spki(self_signed("x", [], NOW).key)


def test_a_long_name_is_left_out_of_the_subject() -> None:
    name = ".".join(["a" * 40, "b" * 40, "example"])
    made = self_signed("x", [name], NOW)
    assert made.dns_names == (name,)
    (common,) = made.leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert common.value == "pointsman"


@pytest.mark.parametrize("host", ["", "a b", "a..b", "a/b", "ä.example", "*", "a.*.b", "a" * 64])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="neither a host name nor an IP address"):
        self_signed("x", [host], NOW)
