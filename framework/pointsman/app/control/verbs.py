"""The verbs of the control socket: checked, passed to app.operating, and told in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from pydantic import Field, ValidationError
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from pointsman.app.control.arguments import Arguments, Verb, read
from pointsman.app.control.explain_verb import explain_verb
from pointsman.app.control.health_verbs import health_verbs
from pointsman.app.control.lines import (
    BAD_REQUEST,
    CONFIGURATION,
    FAILED,
    REFUSED,
    UNKNOWN,
    Request,
    error_line,
)
from pointsman.app.control.pins_verbs import pins_verbs
from pointsman.app.control.writing import Answer, Parts, answer_steps, part_lines
from pointsman.app.operating import Operating
from pointsman.app.reload import Plan
from pointsman.app.revisions import Revision
from pointsman.app.seen import ServersChanged, SiteSeen
from pointsman.config.nearest import nearest
from pointsman.model.errors import ConfigError, PointsmanError, UnknownNameError

# Nobody waits longer than a day for somebody to confirm.
MOST_SECONDS = 86_400.0


class NoArguments(Arguments):
    """There are none."""


class FileArguments(Arguments):
    """Of ``check`` and ``confirm``: the file that is meant, "" for whichever it runs by."""

    file: str = ""


class ReloadArguments(FileArguments):
    """Of ``reload``: seconds until it goes back unless it is confirmed, 0 for never."""

    confirm: float = Field(default=0.0, ge=0.0, le=MOST_SECONDS, allow_inf_nan=False)


class UndoArguments(FileArguments):
    """Of ``undo``: to which revision, and whether changed files may be overwritten."""

    to: int | None = None
    force: bool = False


class HistoryArguments(Arguments):
    """Of ``history``: the one whose files are to be told as well."""

    number: int | None = None


Servers = Annotated[list[str], Field(min_length=1, max_length=1000)]


class StateArguments(Arguments):
    """Of ``server_state``: which servers, what they shall be, and why."""

    servers: Servers
    state: str
    why: str = ""


class WeightArguments(Arguments):
    """Of ``server_weight``: which servers, and their weight; None for the configured one."""

    servers: Servers
    weight: int | None


class Verbs:
    """Answers requests.

    Args:
        operating: does what is asked.
    """

    log = Logger()

    def __init__(self, operating: Operating) -> None:
        self._operating = operating
        self._known: dict[str, Verb] = {
            "status": self._status,
            "reload": self._reload,
            "check": self._check,
            "history": self._history,
            "undo": self._undo,
            "confirm": self._confirm,
            "server_state": self._server_state,
            "server_weight": self._server_weight,
            **pins_verbs(operating.pins),
            **health_verbs(operating),
            **explain_verb(operating),
        }

    @property
    def names(self) -> Sequence[str]:
        """All that can be asked."""
        return [*self._known]

    def answer(self, request: Request) -> Deferred[Answer]:
        """The line that answers a request, or several in parts, whatever becomes of it."""
        verb = self._known.get(request.verb)
        if verb is None:
            known = nearest(request.verb, self._known)
            words = f"there is no verb {request.verb!r}; {known}"
            return succeed(error_line(request.number, BAD_REQUEST, words))
        doing: Deferred[Any] = maybeDeferred(verb, request.arguments)
        written: Deferred[Answer] = doing.addCallback(partial(self._written, request))
        return written.addErrback(self._failed, request)

    def _failed(self, failure: Failure, request: Request) -> Answer:
        return self._in_words(request, failure.value)

    def _written(self, request: Request, told: Any) -> Deferred[Answer]:
        number = request.number
        if isinstance(told, Parts):
            return succeed(part_lines(number, told, partial(self._in_words, request)))
        return self._operating.turns.do(answer_steps(number, told))

    def _in_words(self, request: Request, error: BaseException | None) -> bytes:
        number = request.number
        if isinstance(error, ConfigError):
            problems = [asdict(problem) for problem in error.problems]
            return error_line(number, CONFIGURATION, str(error), problems=problems)
        if isinstance(error, ValidationError):
            return error_line(number, BAD_REQUEST, _wrong_arguments(request.verb, error))
        if isinstance(error, UnknownNameError):
            return error_line(number, UNKNOWN, str(error))
        if isinstance(error, PointsmanError):
            return error_line(number, REFUSED, str(error))
        if isinstance(error, CancelledError):
            return error_line(number, REFUSED, "it has stopped meanwhile")
        self.log.failure(
            "{verb}, asked for at the control socket", Failure(error), verb=request.verb
        )
        words = f"{request.verb} failed ({type(error).__name__}); the log says more"
        return error_line(number, FAILED, words)

    # ---- the verbs ----

    def _status(self, given: Mapping[str, Any]) -> Deferred[SiteSeen]:
        read(NoArguments, given)
        return self._operating.status()

    def _reload(self, given: Mapping[str, Any]) -> Deferred[Any]:
        asked = read(ReloadArguments, given)
        return self._operating.reload(asked.file, asked.confirm).addCallback(self._plan)

    def _check(self, given: Mapping[str, Any]) -> Deferred[Any]:
        asked = read(FileArguments, given)
        return self._operating.check(asked.file).addCallback(self._plan)

    def _undo(self, given: Mapping[str, Any]) -> Deferred[Any]:
        asked = read(UndoArguments, given)
        return self._operating.undo(asked.file, asked.to, asked.force).addCallback(self._plan)

    def _confirm(self, given: Mapping[str, Any]) -> Deferred[Any]:
        asked = read(FileArguments, given)
        return self._operating.confirm(asked.file).addCallback(lambda number: {"revision": number})

    def _history(self, given: Mapping[str, Any]) -> Deferred[Any]:
        number = read(HistoryArguments, given).number
        return self._operating.history().addCallback(self._revisions, number)

    def _revisions(self, kept: Sequence[Revision], number: int | None) -> Mapping[str, Any]:
        reloading = self._operating.reloading
        waiting = reloading.past.unconfirmed
        told: dict[str, Any] = {
            "revision": reloading.number,
            "unconfirmed": waiting is not None,
            "revisions": [
                {**asdict(each), "files": [file.name for file in each.files]} for each in kept
            ],
        }
        if number is not None:
            told["files"] = reloading.past.revisions.get(number).files
        return told

    def _plan(self, plan: Plan) -> Mapping[str, Any]:
        return {
            "revision": self._operating.reloading.number,
            "changes": plan.changes,
            "warnings": [asdict(warning) for warning in plan.warnings],
        }

    def _server_state(self, given: Mapping[str, Any]) -> ServersChanged:
        asked = read(StateArguments, given)
        return self._operating.set_servers(asked.servers, asked.state, asked.why)

    def _server_weight(self, given: Mapping[str, Any]) -> ServersChanged:
        asked = read(WeightArguments, given)
        return self._operating.set_weight(asked.servers, asked.weight)


def _wrong_arguments(verb: str, error: ValidationError) -> str:
    told = [
        f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}"
        for each in error.errors(include_url=False)
    ]
    return f"the arguments of {verb} are wrong: {'; '.join(told)}"
