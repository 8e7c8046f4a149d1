"""Services that tell why requests went where they went: who tells, and whom."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.config.problems import problem_at
from pointsman.config.schema import Document
from pointsman.config.schema_explain import SHORTEST_SECRET
from pointsman.config.tree import Path, Positions
from pointsman.contracts import Secret
from pointsman.core.explaining_rules import ExplainingRules
from pointsman.model.errors import Problem


def explaining(
    settings: Document, positions: Positions, problems: list[Problem]
) -> Iterator[tuple[str, ExplainingRules]]:
    """Of each service in which somebody is to be told: its name and who tells.

    What is wrong with a secret is added to ``problems``.
    """
    for name, service in settings.virtual_services.items():
        section = service.explain
        if section is None:
            continue
        path: Path = ("virtual_services", name, "explain", "secret")
        secret = _revealed(section.secret, positions, path, problems)
        header = section.header.encode()
        yield (
            name,
            ExplainingRules(header, log=section.log, secret=secret, networks=section.networks),
        )


def _revealed(
    secret: Secret | None, positions: Positions, path: Path, problems: list[Problem]
) -> bytes:
    """What signs the tokens of testers; b"" for nothing."""
    if secret is None:
        return b""
    message, hint, text = "", "", ""
    try:
        text = secret.reveal(positions.folder(path))
    except ValueError as error:
        message = str(error)
    else:
        if len(text) < SHORTEST_SECRET:
            message = f"a secret of {len(text)} characters can be guessed"
            hint = f"take {SHORTEST_SECRET} or more"
    if message:
        problems.append(problem_at(positions, positions.known(path), message, hint))
    return text.encode()
