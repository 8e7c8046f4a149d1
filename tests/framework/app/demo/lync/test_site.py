"""The configuration of each step of the article can be used as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.app.demo.lync.lab import PASSWORD, Lab
from pointsman.app.demo.lync.places import Places
from pointsman.app.demo.lync.site import PASSWORD_VARIABLE, LyncSite
from pointsman.app.loading import registry_with
from pointsman.config.build import Site, build
from pointsman.config.load import load_text

STEPS: list[Callable[[LyncSite], None]] = [
    LyncSite.add_passthrough,
    LyncSite.add_http,
    LyncSite.correct_check,
    LyncSite.add_ext,
    LyncSite.enable_tls,
    LyncSite.import_certificates,
    LyncSite.verify_servers,
    lambda site: site.persist("server_cookie", timeout="20m", fallback="source_ip"),
    lambda site: site.persist("active_cookie", http_only=False),
    lambda site: site.weigh("fe-https", "fe1", 250),
    lambda site: site.weigh("fe-https", "fe1", 500),
]


def built(text: str, folder: Path) -> Site:
    registry = registry_with(())
    environ = {PASSWORD_VARIABLE: PASSWORD}
    loaded = load_text(text, str(folder / "lync.yaml"), registry, environ)
    return build(loaded, registry)


@pytest.mark.parametrize("quick", [True, False])
def test_every_step_is_a_configuration(tmp_path: Path, quick: bool) -> None:
    places = Places()
    Lab(tmp_path).make(dict(places.front_ends))
    site = LyncSite(places, quick=quick)
    for step in STEPS:
        step(site)
        assert built(site.text, tmp_path).services
    names = [service.name for service in built(site.text, tmp_path).services]
    assert names == ["FE Pool HTTPS", "FE Pool HTTP", "FE Ext HTTPS", "FE Ext HTTP"]
