"""The two sections of a configuration become the store, or problems with their places."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import pointsman_ssl
from kit.certificates import Authority, key_bytes, pfx, self_signed
from pointsman.config.build import Site, build
from pointsman.config.load import load
from pointsman.config.registry import Registry
from pointsman.model.errors import ConfigError
from pointsman_ssl.stapling import AnswerSource
from pointsman_ssl.store import CertificateStore

ROOT = Authority.root("JDSRoot")
MIDDLE = ROOT.intermediate()
LEAF = MIDDLE.leaf("pool.example", "*.web.example")
OTHER = ROOT.leaf("other.example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certs = tmp_path / "certs"
    certs.mkdir()
    files = {
        "pool.pfx": pfx(LEAF, b"hunter2", [ROOT]),
        "other.pem": OTHER.certificate_pem,
        "other.key": key_bytes(OTHER.key, "traditional", b"hunter2"),
        "self.pem": self_signed("self.example").pem,
        "rootcert.cer": ROOT.certificate_der,
        "middle.pem": MIDDLE.certificate_pem,
        "password": b"hunter2\n",
    }
    for name, data in files.items():
        (certs / name).write_bytes(data)
        (certs / name).chmod(0o600)
    return tmp_path


def site(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Site:
    (folder / "site.yaml").write_text(f"version: 1\n{text}")
    registry = Registry(lambda *told: None)
    registry.register(pointsman_ssl, "ssl")
    given = {"PW": "hunter2"} if environ is None else environ
    return build(load(folder / "site.yaml", registry, given), registry)


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        site(folder, text, environ)
    told = [str(problem).removeprefix(f"{folder}/") for problem in raised.value.problems]
    assert not any("hunter2" in one for one in told)
    return told


AUTHORITIES = """
intermediates:
  JDSRoot: {file: certs/rootcert.cer}
  Middle: {file: certs/middle.pem}
"""


def test_the_store_holds_what_is_written(folder: Path) -> None:
    made = site(
        folder,
        AUTHORITIES + "certificates:\n"
        "  LyncWebPool: {pfx: certs/pool.pfx, password: {env: PW}}\n"
        "  other: {pem: certs/other.pem, key: certs/other.key, password: {file: certs/password}}\n",
    )
    store = made.sections["certificates"]
    assert isinstance(store, CertificateStore)
    assert list(store.identities) == ["LyncWebPool", "other"]
    assert store.identities["LyncWebPool"].chain == (MIDDLE.certificate,)
    assert store.identities["other"].chain == ()
    assert store.authorities == {"JDSRoot": (ROOT.certificate,), "Middle": (MIDDLE.certificate,)}
    assert made.warnings == ()
    assert "hunter2" not in repr(made.settings)


def test_certificates_are_watched_and_shown_with_responses_where_that_is_wanted(
    folder: Path,
) -> None:
    store = site(
        folder,
        AUTHORITIES + "certificates:\n"
        "  plain: {pfx: certs/pool.pfx, password: {env: PW}}\n"
        "  one: {pfx: certs/pool.pfx, password: {env: PW}, watch: true,"
        " ocsp: {file: certs/pool.ocsp}}\n"
        "  two: {pfx: certs/pool.pfx, password: {env: PW}, ocsp: {responder: 'http://o.example'}}\n",
    ).sections["certificates"]
    assert list(store.watched) == ["one"]
    sources = {name: one.stapling and one.stapling.source for name, one in store.identities.items()}
    assert sources == {
        "plain": None,
        "one": AnswerSource(folder / "certs/pool.ocsp"),
        "two": AnswerSource(url="http://o.example"),
    }
    (told,) = problems(
        folder,
        "intermediates: {Middle: {file: certs/middle.pem}}\n"
        "certificates:\n"
        "  one: {pfx: certs/pool.pfx, password: {env: PW}, ocsp: {responder: auto}}\n",
    )
    assert told.startswith("site.yaml:4:51: certificates.one.ocsp: ")
    assert "names no OCSP responder" in told


def test_without_sections_it_is_empty(folder: Path) -> None:
    store = site(folder, "").sections["certificates"]
    assert not store.identities
    assert not store.authorities


def test_all_problems_are_told_at_once_with_their_places(folder: Path) -> None:
    told = problems(
        folder,
        "intermediates:\n"
        "  gone: {file: certs/gone.cer}\n"
        "certificates:\n"
        "  a: {pfx: certs/pool.pfx}\n"
        "  b: {pfx: certs/pool.pfx, password: {env: PW}}\n"
        "  c: {pfx: certs/pool.pfx, password: {env: NO_SUCH}}\n"
        "  d: {pem: certs/other.pem}\n"
        "  e: {pem: certs/self.pem, key: certs/gone.key}\n",
        {"PW": "wrong"},
    )
    assert [one.partition(" ")[0] for one in told] == [
        "site.yaml:3:16:",
        "site.yaml:5:12:",
        "site.yaml:6:28:",
        "site.yaml:7:28:",
        "site.yaml:8:12:",
        "site.yaml:9:33:",
    ]
    assert "intermediates.gone.file: cannot read" in told[0]
    assert "pool.pfx: the PKCS#12 file needs its password" in told[1]
    assert "certificates.b.password: pool.pfx: wrong password" in told[2]
    assert "the environment variable NO_SUCH is not set" in told[3]
    assert "there is no private key for 'other.example'" in told[4]
    assert "certificates.e.key: cannot read" in told[5]


def test_a_key_that_does_not_match_is_given_to_its_owner(folder: Path) -> None:
    (told,) = problems(
        folder,
        "certificates:\n"
        "  one: {pem: certs/middle.pem, key: certs/other.key, password: {env: PW}}\n"
        "  two: {pem: certs/other.pem, key: certs/other.key, password: {env: PW}}\n",
    )
    assert told.startswith("site.yaml:3:")
    assert "certificates.one.key: the private key (ECDSA P-256) does not belong to" in told
    assert "it belongs to the certificate of 'two', 'other.example'" in told


def test_warnings_have_their_places(folder: Path) -> None:
    (folder / "certs/self.pem").chmod(0o644)
    made = site(
        folder,
        "certificates:\n  a: {file: certs/self.pem}\n  b: {file: [certs/self.pem]}\n",
    )
    told = [str(one).removeprefix(f"{folder}/") for one in made.warnings]
    assert all(one.startswith(("site.yaml:3:3: certificates.a", "site.yaml:4:3: ")) for one in told)
    assert any("others may use the file (mode 0644)" in one for one in told)
    assert any("the same certificate as 'a'" in one for one in told)


def test_keys_are_checked_as_everywhere(folder: Path) -> None:
    (told,) = problems(folder, "certificates:\n  a: {pfx: certs/pool.pfx, pasword: {env: PW}}\n")
    assert told.startswith("site.yaml:3:28: certificates.a.pasword: this key is not known here")
    assert "did you mean `password`?" in told
    (told,) = problems(folder, "certificates:\n  a: {pfx: certs/pool.pfx, password: hunter2}\n")
    assert told.startswith("site.yaml:3:38: certificates.a.password: a secret is never written")
