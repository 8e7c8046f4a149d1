"""The Lync site while it is built: a wrong check, a temporary certificate, a wrong password."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from kit.lync import KeptClient, all_up, lync_site, pass_through, until_state
from pointsman.app.demo.lync.balancer import RefusedError
from pointsman.app.demo.lync.lab import PFX
from pointsman.app.demo.lync.site import LyncSite
from pointsman.app.demo.lync.stage import Stage

NOT_ACCEPTED = "403 not among accepted 200-299, 301, 302, 401"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with lync_site(tmp_path_factory.mktemp("lync"), pass_through) as stage:
        yield stage


def subject(client: KeptClient) -> str:
    return x509.load_der_x509_certificate(client.certificate).subject.rfc4514_string()


def issuer(client: KeptClient) -> str:
    return x509.load_der_x509_certificate(client.certificate).issuer.rfc4514_string()


def test_02_the_address_book_over_port_80_is_down_by_403(stage: Stage, tmp_path: Path) -> None:
    http = ("fe-http", "fe1"), ("fe-http", "fe2")
    wrong = LyncSite(stage.places)
    wrong.document = json.loads(json.dumps(stage.site.document))
    wrong.document["pools"]["fe-http"]["health"]["path"] = "/abs/handler"
    stage.balancer.change(wrong.text)
    until_state(stage, "down", *http)
    states = stage.balancer.log.states()
    assert [states[server][1] for server in http] == [NOT_ACCEPTED] * 2
    assert stage.balancer.log.found("^FE Pool HTTP is down: ")
    assert states["fe-https", "fe1"][0] == "up"  # the same page over TLS
    stage.change()
    all_up(stage)
    assert stage.balancer.log.states()["fe-http", "fe1"][1] == "200 to GET /meet/blank.html"


def test_03_a_temporary_certificate_is_swapped_without_closing_a_connection(stage: Stage) -> None:
    with KeptClient(stage, stage.pool_https) as client:  # still the front end's own, passed through
        assert subject(client) in {"CN=fe1.jds.net", "CN=fe2.jds.net"}
    stage.site.enable_tls()
    stage.change()
    all_up(stage)
    with KeptClient(stage, stage.pool_https, believes=False) as early:
        assert issuer(early) == subject(early)
        assert early.request("GET", "/whoami")[0]["status"] == "200"
        temporary = early.certificate
        with KeptClient(stage, stage.pool_https, believes=False) as another:
            assert another.certificate == temporary
        stage.site.import_certificates()
        assert "certificate LyncWebPool added" in stage.change()
        all_up(stage)
        with KeptClient(stage, stage.pool_https) as late:
            assert subject(late) == "CN=poolweb.jds.net"
            assert issuer(late) == "CN=JDS Root CA"
            assert late.request("GET", "/whoami")[0]["status"] == "200"
        # The connection of before goes on, on what it was shown.
        assert early.request("GET", "/whoami")[0]["status"] == "200"
        assert early.certificate == temporary


def test_04_a_wrong_password_is_refused_and_changes_nothing(stage: Stage) -> None:
    before = {path.name: digest(path) for path in stage.folder.iterdir() if path.is_file()}
    with KeptClient(stage, stage.pool_https, believes=False) as client:
        shown = client.certificate

    (stage.folder / "secret").write_text("Password\n")
    command = [sys.executable, "-m", "pointsman", "cert", "import", PFX]
    command += ["--name", "Other", "--to", "certs", "--password-file", "secret"]
    told = subprocess.run(
        command, cwd=stage.folder, env=os.environ, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 1
    assert "password" in told.stderr
    assert not (stage.folder / "certs").exists()

    wrong = LyncSite(stage.places)
    wrong.document = json.loads(json.dumps(stage.site.document))
    wrong.document.setdefault("certificates", {})["Other"] = {
        "pfx": PFX,
        "password": {"file": "secret"},
    }
    with pytest.raises(RefusedError, match="password"):
        stage.balancer.change(wrong.text)
    with KeptClient(stage, stage.pool_https, believes=False) as client:
        assert client.certificate == shown
        assert client.request("GET", "/whoami")[0]["status"] == "200"

    stage.balancer.write(stage.site.text)
    unchanged = ("lync.yaml", PFX, "rootcert.cer", "fe1.pem", "fe2.pem")
    assert {name: digest(stage.folder / name) for name in unchanged} == {
        name: before[name] for name in unchanged
    }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
