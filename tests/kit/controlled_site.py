"""A running program that commands reach, and the commands as a person types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from kit.child_programs import ChildProgram, pointsman
from kit.running_site import eventually
from pointsman.app.cli import main


@dataclass
class ControlledSite:
    """A program under way.

    Attributes:
        path: its configuration file.
        program: its process.
    """

    path: Path
    program: ChildProgram

    def command(self, *words: str, status: int = 0) -> Result:
        """Run ``pointsman`` with these words; ``CONFIG`` among them stands for the file.

        Raises:
            AssertionError: it ended with another exit status.
        """
        arguments = [str(self.path) if word == "CONFIG" else word for word in words]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == status, f"{words}: {result.exit_code}\n{result.output}"
        return result

    def told(self, *words: str) -> Any:
        """The same with ``--json``, read."""
        return json.loads(self.command(*words, "--json").stdout)

    def servers(self) -> dict[str, Any]:
        """Every server by POOL/SERVER, as ``status`` has it."""
        pools = self.told("status", "CONFIG")["pools"]
        return {f"{each['pool']}/{each['name']}": each for p in pools for each in p["servers"]}

    def states(self) -> dict[str, str]:
        """Their states alone."""
        return {name: each["state"] for name, each in self.servers().items()}

    def until(self, **states: str) -> None:
        """Wait until servers of these names are in these states."""
        eventually(lambda: {**self._by_name(), **states} == self._by_name())

    def _by_name(self) -> dict[str, str]:
        return {name.partition("/")[2]: state for name, state in self.states().items()}

    def port(self, service: str) -> int:
        """Where a service listens."""
        return int(self.program.until(rf"{service} listens on 127\.0\.0\.1:(\d+)")[1])


@contextmanager
def controlled_site(folder: Path, text: str) -> Iterator[ControlledSite]:
    """Run pointsman by this text, with a state_dir, and end it with the block, which must go well.

    Args:
        folder: for its file and its state.
        text: the configuration but for ``version`` and ``state_dir``.
    """
    path = folder / "site.yaml"
    path.write_text(f"version: 1\nstate_dir: state\n{text}")
    with pointsman("run", str(path), "--log-format", "human") as program:
        site = ControlledSite(path, program)
        program.until("commands reach it at")
        yield site
        assert program.process.poll() is None, program.output
        program.signal()
        assert program.wait() == 0, program.output
        assert "Traceback" not in program.output, program.output
