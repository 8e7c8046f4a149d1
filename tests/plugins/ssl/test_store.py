"""The identity for a name: exact, then wildcard, then the caller takes the default."""

import pytest

from kit.certificates import Authority
from pointsman_ssl.identity import Identity
from pointsman_ssl.store import CertificateStore, SniChoice

ROOT = Authority.root()


def identity(name: str, *hosts: str) -> Identity:
    made = ROOT.leaf(*hosts)
    return Identity(name, made.certificate, made.key)


CHOICE = SniChoice(
    [
        identity("default", "pool.example", "127.0.0.1"),
        identity("wild", "*.web.example", "*.example"),
        identity("exact", "a.web.example", "POOL.example"),
    ]
)


@pytest.mark.parametrize(
    ("sni", "found"),
    [
        ("pool.example", "default"),  # the first of two
        ("POOL.Example.", "default"),
        ("a.web.example", "exact"),
        ("b.web.example", "wild"),
        ("B.WEB.EXAMPLE", "wild"),
        ("c.b.web.example", None),  # a wildcard is one label
        ("web.example", "wild"),
        ("example", None),
        (".web.example", None),
        ("*.web.example", "wild"),  # odd, and harmless
        ("127.0.0.1", None),
        ("", None),
        ("other.test", None),
    ],
)
def test_by_sni(sni: str, found: str | None) -> None:
    chosen = CHOICE.find(sni)
    assert (chosen.name if chosen else None) == found


def test_the_first_is_the_default() -> None:
    assert CHOICE.default is CHOICE.identities[0]
    assert SniChoice([]).default is None
    assert SniChoice([]).find("a.example") is None


def test_a_store_holds_identities_by_name() -> None:
    one, two = identity("one", "a.example"), identity("two", "b.example")
    store = CertificateStore([one, two], {"Root": (ROOT.certificate,)})
    assert list(store.identities) == ["one", "two"]
    assert store.authorities["Root"] == (ROOT.certificate,)
    assert store.choice(["two", "one"]).default is two
    with pytest.raises(KeyError):
        store.choice(["three"])
