"""What each virtual service does when no server is left, from the key ``when_down``."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.config.problems import problem_at
from pointsman.config.schema_service import ServiceSection
from pointsman.config.tree import Path, Positions
from pointsman.model.errors import Problem
from pointsman.model.when_down import CloseConnection, WhenDown


def last_words(
    services: Mapping[str, ServiceSection], positions: Positions, problems: list[Problem]
) -> Mapping[str, WhenDown]:
    """Of each service that has something for the case that no server is left, what it is.

    Args:
        services: settings by name.
        positions: where everything stands.
        problems: receives files that cannot be read.
    """
    made: dict[str, WhenDown] = {}
    for name, section in services.items():
        choice = section.when_down
        if choice is None:
            continue
        path: Path = ("virtual_services", name, "when_down")
        if isinstance(choice, str):
            made[name] = CloseConnection()
            continue
        try:
            made[name] = choice.when_down(positions.folder(path))
        except ValueError as error:
            problems.append(problem_at(positions, (*path, "file"), str(error)))
    return made
