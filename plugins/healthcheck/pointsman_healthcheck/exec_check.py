"""A check of one's own making: a command of this machine, and the status it exits with."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, field_validator

from pointsman.contracts import Misfit, OverCommand, Settings, Surroundings, Verdict
from pointsman.model.server import RealServer
from pointsman_healthcheck.setting_types import Pattern, one_or_more

_KEPT = 4096  # bytes of the output, as of an HTTP answer
_SHOWN = 200
_PLACES = re.compile(r"\{(\w+)\}")
_KNOWN = ("address", "host", "port", "server", "pool")


class ExecSettings(Settings):
    """What is run, and what its end means."""

    command: Annotated[list[str], one_or_more(str)] = Field(
        min_length=1,
        description="program and arguments; {host}, {port}, {address}, {server}, {pool} are filled",
        examples=[["/usr/local/bin/check", "{address}"]],
    )
    accept: Annotated[list[int], one_or_more(int)] = Field(
        default=[0], min_length=1, description="exit statuses that mean: up"
    )
    match: Pattern = Field(
        default="",
        description="regular expression to be found in its output as well",
        examples=["OK"],
    )

    @field_validator("command")
    @classmethod
    def _places_are_known(cls, command: list[str]) -> list[str]:
        for argument in command:
            for name in _PLACES.findall(argument):
                if name not in _KNOWN:
                    known = ", ".join(f"{{{each}}}" for each in _KNOWN)
                    raise ValueError(f"{{{name}}} is not known in a command; known: {known}")
            if "\0" in argument:
                raise ValueError("a command holds no zero bytes")
        return command


@dataclass(frozen=True)
class ExecCheck:
    """Runs a command per attempt, never by a shell."""

    command: tuple[str, ...]
    accept: tuple[int, ...]
    pattern: re.Pattern[str] | None
    pool: str

    @property
    def describes(self) -> str:
        """The check in a few words."""
        return f"exec {os.path.basename(self.command[0])}"

    def over(self, server: RealServer) -> OverCommand:
        """The command for that server."""
        facts = self._facts(server)

        def filled(argument: str) -> str:
            return _PLACES.sub(lambda found: facts[found[1]], argument)

        command = (self.command[0], *map(filled, self.command[1:]))
        environment = tuple((f"POINTSMAN_{name.upper()}", value) for name, value in facts.items())
        return OverCommand(command, environment)

    def probe(self, server: RealServer) -> ExecProbe:
        """One attempt."""
        return ExecProbe(self)

    def _facts(self, server: RealServer) -> dict[str, str]:
        address = server.address
        port = str(address.port) if address.port else ""
        values = (server.place, address.host, port, server.name, self.pool)
        return dict(zip(_KNOWN, values, strict=True))


class ExecProbe:
    """One attempt (contracts.CommandProbe)."""

    def __init__(self, check: ExecCheck) -> None:
        self._check = check
        self._output = b""

    def start(self) -> bytes:
        """Nothing: a command is told by its arguments and environment."""
        return b""

    def receive(self, data: bytes) -> None:
        """It writes; the beginning is kept."""
        self._output = (self._output + data)[:_KEPT]

    def closed(self) -> Verdict:
        """Never: it exits."""
        return Verdict(False, "it closed its output")

    def exited(self, status: int) -> Verdict:
        """It has ended."""
        check = self._check
        output = self._output.decode("utf-8", "replace")
        first = output.strip().partition("\n")[0].strip()[:_SHOWN]
        said = f": {first}" if first else ""
        if status not in check.accept:
            how = f"exit status {status}" if status >= 0 else f"killed by signal {-status}"
            accepted = ", ".join(map(str, check.accept))
            remedy = f"exit status {accepted}"
            return Verdict(False, f"{how} not among accepted {accepted}{said}", remedy)
        if check.pattern is not None and not check.pattern.search(output):
            remedy = f"output in which {check.pattern.pattern!r} is found"
            words = f"exit status {status}, but {check.pattern.pattern!r} is not in its output"
            return Verdict(False, words + said, remedy)
        return Verdict(True, f"exit status {status}{said}")


def make(settings: ExecSettings, surroundings: Surroundings, /) -> ExecCheck:
    """The check that these settings describe."""
    program, *arguments = settings.command
    if "/" in program and not os.path.isabs(program):
        program = str(surroundings.folder(("command",)).resolve() / program)
    found = shutil.which(program)
    if found is None:
        hint = "give its path; a command is no line for a shell, but a list: [program, argument]"
        raise Misfit(f"there is no program {program!r} that can be run", hint, ("command",))
    # The pool is told to the command, so pools that share servers have probes of their own.
    return ExecCheck(
        (found, *arguments),
        tuple(settings.accept),
        re.compile(settings.match) if settings.match else None,
        surroundings.pool,
    )
