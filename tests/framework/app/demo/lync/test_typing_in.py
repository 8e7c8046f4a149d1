"""A command that is typed in has an exit status and lines, as somebody at a terminal sees them."""

from __future__ import annotations

import os
from pathlib import Path

from pointsman.app.demo.lync.typing_in import Ran, type_in


def test_a_command_is_run_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("version: 1\nvirtual_servces: {}\n")
    ran = type_in(tmp_path, os.environ, "check", "site.yaml")
    assert (ran.command, ran.status) == ("pointsman check site.yaml", 1)
    assert ran.says("did you mean `virtual_services`?")
    assert not ran.says("is fine")


def test_what_a_shell_would_expand_is_shown_in_quotes(tmp_path: Path) -> None:
    ran = type_in(tmp_path, os.environ, "server", "drain", "none.yaml", "*/fe1")
    assert ran.command == "pointsman server drain none.yaml '*/fe1'"
    assert ran.status != 0
    assert isinstance(ran, Ran)
