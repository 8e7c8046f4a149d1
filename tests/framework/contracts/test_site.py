"""The program's reader of configurations is what the contract says."""

from pathlib import Path

import pytest

from pointsman.app.loading import view_of
from pointsman.contracts.site import SiteReader, SiteView
from pointsman.model.errors import ConfigError


def test_the_program_reads_a_configuration_for_commands(tmp_path: Path) -> None:
    reader: SiteReader = view_of
    (tmp_path / "more.yaml").write_text("pools: {web: {servers: {a: '127.0.0.1:80'}}}\n")
    file = tmp_path / "site.yaml"
    file.write_text("version: 1\ninclude: more.yaml\n")
    view = reader(str(file))
    assert isinstance(view, SiteView)
    assert view.document["pools"] == {"web": {"servers": {"a": "127.0.0.1:80"}}}
    assert "certificates" in view.sections
    assert any("no virtual service uses this pool" in told for told in view.warnings)
    file.write_text("version: 2\n")
    with pytest.raises(ConfigError):
        reader(str(file))
