"""What cannot be, on the Lync site, is an error of the configuration that says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from kit.lync import complete, pass_through
from pointsman.app.cli import main
from pointsman.app.demo.lync.lab import PASSWORD, Lab
from pointsman.app.demo.lync.places import Places
from pointsman.app.demo.lync.site import PASSWORD_VARIABLE, LyncSite


def refused(site: LyncSite, folder: Path) -> str:
    """What ``pointsman check`` says of a configuration that has errors."""
    path = folder / "lync.yaml"
    path.write_text(site.text)
    result = CliRunner().invoke(main, ["check", str(path)], env={PASSWORD_VARIABLE: PASSWORD})
    assert result.exit_code == 1, result.output
    return result.output


@pytest.mark.parametrize("kind", ["server_cookie", "active_cookie"])
def test_07_passthrough_and_a_cookie_is_an_error(tmp_path: Path, kind: str) -> None:
    site = LyncSite(Places())
    pass_through(site)
    site.persist(kind)
    told = refused(site, tmp_path)
    assert "pools.fe-https.persistence" in told
    assert f"{kind} looks at requests" in told
    assert "lync.yaml:" in told


@pytest.mark.parametrize("key", ["transparency", "transparent"])
def test_08_reencrypt_and_transparency_is_an_error(tmp_path: Path, key: str) -> None:
    places = Places()
    Lab(tmp_path).make(dict(places.front_ends))
    site = LyncSite(places)
    complete(site)
    site.document["virtual_services"]["FE Pool HTTPS"][key] = True
    told = refused(site, tmp_path)
    assert f"virtual_services.FE Pool HTTPS.{key}: " in told
    assert "servers see our address" in told
    assert "X-Forwarded-For" in told
    assert told.endswith("1 error\n")
