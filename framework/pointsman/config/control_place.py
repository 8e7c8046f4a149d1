"""Where the control socket of a running program lies, for the program and for its commands."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from pointsman.config.includes import gather, plain_text, read_file
from pointsman.config.load import Configuration
from pointsman.config.pieces import taken_apart
from pointsman.config.problems import problem_at, problems_of
from pointsman.config.schema import ControlSection, off_or_section
from pointsman.config.state_dir import own_name
from pointsman.config.steps import at_once
from pointsman.config.tree import Positions
from pointsman.model.errors import ConfigError, Problem

_SUFFIX = ".control"
_OURS = re.compile(r"""["']?(?:control|state_dir)\b""")
_INCLUDE = re.compile(r"""^["']?include\b""", re.MULTILINE)


def control_place(configuration: Configuration) -> Path | None:
    """Where the program that runs by this configuration is controlled.

    That is ``control.socket`` if it is written; else a socket in ``state_dir`` that bears the name
    of the configuration file, as several programs may share that folder; else, and for a
    configuration that was given in code, nowhere.
    """
    settings = configuration.settings
    return _place(settings.control, settings.state_dir, configuration.positions)


def find_control_place(path: str) -> Path | None:
    """The same for a file of which nothing else is looked at: the rest of it may be wrong.

    Raises:
        ConfigError: the file cannot be read, or says nonsense of just this.
    """
    control, state_dir, positions = _looked_for(path)
    return _place(control, state_dir, positions)


def find_state_dir(path: str) -> Path | None:
    """What ``state_dir`` of such a file names.

    Raises:
        ConfigError: as above.
    """
    _, state_dir, positions = _looked_for(path)
    if not state_dir:
        return None
    return positions.folder(("state_dir",)).absolute() / state_dir


def _looked_for(path: str) -> tuple[ControlSection | None, str, Positions]:
    try:
        text = read_file(Path(path))
    except ValueError as error:
        raise ConfigError([Problem(path, 0, 0, "", f"cannot read it: {error}")]) from None
    text = plain_text(text)
    ours = _ours_alone(text)
    apart = ours and taken_apart(text) is not None and not _INCLUDE.search(text)
    try:
        gathered = at_once(gather(ours if apart else text, path, {}))
    except ConfigError:
        # Whoever wants to undo what cannot be read must get through nevertheless.
        if not ours or apart:
            raise
        gathered = at_once(gather(ours, path, {}))
    positions = Positions(gathered.root)
    # A section whose lines are all commented out is as good as none.
    raw = {key: value for key, value in gathered.root.value.items() if value is not None}
    section = off_or_section(raw.get("control", {}))
    state_dir = raw.get("state_dir", "")
    if not isinstance(state_dir, str):
        raise ConfigError([problem_at(positions, ("state_dir",), "expected a path")])
    try:
        control = None if section is None else ControlSection.model_validate(section)
    except ValidationError as error:
        problems = problems_of(error, ControlSection, positions, ("control",))
        raise ConfigError([*problems]) from None
    return control, state_dir, positions


def _ours_alone(text: str) -> str:
    """The text with nothing but what we look for, at its lines; "" if that is not there."""
    lines: list[str] = []
    found = False
    for line in text.split("\n"):
        if line and not line[0].isspace() and line[0] != "#":
            found = _OURS.match(line) is not None
        lines.append(line if found else "")
    return "\n".join(lines) if any(lines) else ""


def _place(control: ControlSection | None, state_dir: str, positions: Positions) -> Path | None:
    if control is None:
        return None
    if control.socket:
        return positions.folder(("control", "socket")).absolute() / control.socket
    file = positions.root.mark
    if not state_dir or not file.line:
        return None
    return positions.folder(("state_dir",)).absolute() / state_dir / own_name(file.file, _SUFFIX)
