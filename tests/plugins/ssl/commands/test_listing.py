"""`pointsman cert list` says which certificate is used where, and for how long."""

from click.testing import CliRunner

from kit.certificates import Authority
from pointsman.contracts.site import SiteView
from pointsman.model.errors import ConfigError, Problem
from pointsman_ssl.commands.listing import list_, uses
from pointsman_ssl.identity import Identity
from pointsman_ssl.store import CertificateStore

ROOT = Authority.root()


def identity(name: str, days: tuple[float, float], *hosts: str) -> Identity:
    made = ROOT.leaf(*hosts, days=days)
    return Identity(name, made.certificate, made.key)


DOCUMENT = {
    "virtual_services": {
        "FE": {"tls": {"mode": "reencrypt", "certificates": ["Pool", "Other"]}},
        "FE Ext": {"tls": {"mode": "offload", "certificates": "Pool"}},
        "New": {"tls": {"mode": "offload"}},
        "New Too": {"tls": "offload"},
        "Tunnel": {"tls": {"mode": "passthrough"}},
        "Plain": {"listen": "127.0.0.1:80"},
    }
}


def test_who_uses_what() -> None:
    used, without = uses(DOCUMENT)
    assert used == {"Pool": ["FE", "FE Ext"], "Other": ["FE"]}
    assert without == ["New", "New Too"]
    assert uses({}) == ({}, [])


def test_the_list() -> None:
    store = CertificateStore(
        [
            identity("Pool", (-1, 40), "pool.example", "127.0.0.1"),
            identity("Other", (-9, -3), "other.example"),
            identity("Spare", (-1, 5), "spare.example"),
        ]
    )
    read = lambda path: SiteView(DOCUMENT, {"certificates": store})  # noqa: E731
    run = CliRunner().invoke(list_, ["site.yaml"], obj=read)
    assert run.exit_code == 0, run.output
    lines = {line.split()[0]: line for line in run.output.splitlines()}
    assert "pool.example, 127.0.0.1" in lines["Pool"]
    assert "39 days left" in lines["Pool"]
    assert lines["Pool"].rstrip().endswith("FE, FE Ext")
    assert "expired 3 days ago" in lines["Other"]
    assert "not used" in lines["Spare"]
    assert run.output.count("temporary") == 2


def test_an_empty_list_and_a_wrong_configuration() -> None:
    empty = lambda path: SiteView({}, {"certificates": CertificateStore()})  # noqa: E731
    assert "there are no certificates" in CliRunner().invoke(list_, ["x"], obj=empty).output

    def wrong(path: str) -> SiteView:
        raise ConfigError([Problem(path, 3, 1, "pools", "no good")])

    run = CliRunner().invoke(list_, ["site.yaml"], obj=wrong)
    assert run.exit_code == 1
    assert "site.yaml:3:1: pools: no good" in run.stderr
