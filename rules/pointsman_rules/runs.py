"""Runs of rules: an event is given to the functions that want it, whatever they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from weakref import ref

from pointsman.model.decision import Decision, Forward, Pending, Refuse
from pointsman_rules.decisions import decision, words
from pointsman_rules.facade import spelled
from pointsman_rules.failures import Failures
from pointsman_rules.files import RuleFile
from pointsman_rules.generation import Generation, Place
from pointsman_rules.limits import Limits
from pointsman_rules.waiting import Cancel, Waits
from pointsman_rules.watchdog import Watchdog

Said = Decision | Pending | bytes | None
_MEMORY = re.compile("of memory$|not enough memory")
# Events before which nothing is known of an exchange or connection.
_FIRST = frozenset(["request", "connection"])
# Which of the arguments of an event is the body that the functions change one after the other.
_CHAINS = frozenset(["request_body", "request_chunk", "response_body", "response_chunk"])


class Owner(Protocol):
    """Whose rules run: the book."""

    place: Place
    failures: Failures
    waits: Waits
    shadow: bool
    describes: str
    generation: Generation

    def renew(self, why: str) -> None:
        """The runtime is full."""

    def begin_again(self, seen: Any) -> tuple[Generation, int]:
        """Take an exchange or connection to the generation of now, under a number of its own."""

    def suspend(self, file: RuleFile, number: int) -> None:
        """A file fails too often."""


class Run:
    """One event that was given to rules, as long as it lasts."""

    __slots__ = (
        "after", "cancel", "changed", "deadline", "event", "generation", "given", "last", "late",
        "number", "owner", "pending", "seen", "suspended", "ticket",
    )  # fmt: skip

    def __init__(
        self, generation: Generation, event: str, number: int, seen: Any, given: tuple[Any, ...]
    ) -> None:
        self.generation = generation
        self.event = event
        self.number = number
        self.seen = seen
        self.given = given
        self.last = False
        self.after: Callable[[Generation, int], None] | None = None
        self.pending: Pending | None = None
        self.cancel: Cancel | None = None
        self.deadline: Any = None
        self.late = False
        self.ticket = 0
        self.changed: bytes | None = None
        self.suspended: RuleFile | None = None
        self.owner: Owner | None = None


class Runs:
    """Gives events to the functions that want them.

    Args:
        owner: whose they are.
        limits: what they may use.
        watchdog: told what runs.
    """

    def __init__(self, owner: Owner, limits: Limits, watchdog: Watchdog) -> None:
        self._weak = ref(owner)  # it holds these, and shall go as soon as nobody else does
        self._limits = limits
        self._watchdog = watchdog
        self._soft = limits.memory
        self._waiting = 0
        self.limits = limits

    @property
    def _owner(self) -> Owner:
        # Whoever calls came by its owner, or by a run that has waited and holds it.
        owner = self._weak()
        assert owner is not None
        return owner

    @property
    def name(self) -> str:
        """The service and its files, for people."""
        owner = self._weak()  # it is asked from another thread as well
        return f"{owner.place.service} ({owner.describes})" if owner is not None else "former rules"

    def ask(
        self,
        generation: Generation,
        event: str,
        number: int,
        seen: Any,
        *given: Any,
        last: bool = False,
        after: Callable[[Generation, int], None] | None = None,
    ) -> Any:
        """Give an event to all functions that want it; the first that says something decides.

        Args:
            generation: whose functions.
            event: its name.
            number: of the exchange or connection there.
            seen: the exchange or connection, None if there is none.
            given: what belongs to the event.
            last: nothing else will be asked about it.
            after: called once nobody has decided anything.
        """
        runtime = generation.runtime
        if runtime.memory_used() > self._soft and not runtime.has_room:
            status = self._full(generation, event)
            if event in _FIRST and generation is not self._owner.generation:
                generation, number = self._owner.begin_again(seen)
                return self.ask(generation, event, number, seen, *given, last=last, after=after)
            return Refuse(status) if status else None
        watchdog = self._watchdog
        watchdog.running = (self, event, seen)
        facade = generation.facade
        try:
            if event == "request" and facade.looks_at_requests:
                made = runtime.fire(event)(number, 1, *spelled(seen.request))
            elif event == "response" and facade.looks_at_answers:
                made = runtime.fire(event)(number, 1, *spelled(seen.answer))
            else:
                made = runtime.fire(event)(number, 1, *given)
        except runtime.error as error:
            made = runtime.failed(error)
        watchdog.running = None
        if made is None:
            if last:
                generation.over(number)
            if after is not None:
                after(generation, number)
            return None
        run = Run(generation, event, number, seen, given)
        run.last, run.after = last, after
        return self._concluded(run, made)

    def once(self, generation: Generation) -> Callable[[Any], Any]:
        """What gives an exchange to ``on.request``, where nothing else will be asked about it."""
        runtime, facade, live = generation.runtime, generation.facade, generation.live
        next_number, run, watchdog = generation.next_number, runtime.once, self._watchdog
        failure = runtime.error

        def asked(seen: Any) -> Any:
            number = next_number()
            live[number] = seen
            watchdog.running = (self, "request", seen)
            try:
                if facade.looks_at_requests:
                    raw, low = spelled(seen.request)
                    made = run(number, raw, low)
                else:
                    made = run(number)
            except failure as error:
                made = runtime.failed(error)
            watchdog.running = None
            if made is None:
                del live[number]
                return None
            if made[0] == "!head" and len(made) == 3:
                # They have changed the request, and that is all.
                seen.request.take_lines(made[2].encode("latin-1"))
                del live[number]
                return None
            return self._once_said(generation, number, seen, made)

        return asked

    def _once_said(self, generation: Generation, number: int, seen: Any, made: Any) -> Said:
        if made == "!full":
            generation.runtime.collect()
            said: Said = self.ask(generation, "request", number, seen, last=True)
            return said
        if made[0] == "!head":
            generation.facade.put_lines(number, made[1], made[2])
            made = made[3:]
        if made[0][0] == "!" or self._owner.shadow or seen.tracing:
            run = Run(generation, "request", number, seen, ())
            run.last = True
            return self._concluded(run, made)
        del generation.live[number]
        return decision(made)

    def select(
        self, generation: Generation, number: int, seen: Any, names: str
    ) -> str | Decision | None:
        """Like ``ask``, for the event that may name a server."""
        said = self.ask(generation, "select", number, seen, names)
        if isinstance(said, bytes):
            return said.decode("latin-1")
        if isinstance(said, Forward):
            return str(said.server)
        kept: str | Decision | None = said
        return kept

    def timer(self, generation: Generation, timer: int) -> None:
        """Run the function of a timer."""
        runtime = generation.runtime
        if not runtime.has_room:
            self._full(generation, "timer")
            return
        run = Run(generation, "timer", generation.next_number(), None, ())
        run.last = True
        self._watchdog.running = (self, "timer", None)
        made = runtime.run_timer(timer, run.number)
        self._watchdog.running = None
        self._concluded(run, made)

    # ---- what came out ----

    def _concluded(self, run: Run, made: Any) -> Said:
        said: Said = None
        while made is not None:
            kind = made[0]
            if kind == "!head":
                run.generation.facade.put_lines(run.number, made[1], made[2])
                made = made[3:] or None
            elif kind == "!error":
                status = self._failed(run, made)
                if status:
                    said = Refuse(status)
                    break
                made = self._rest(run, int(made[1]) + 1)
            elif kind == "!wait":
                if not run.late:
                    return self._wait(run, made)
                said_late = f"it still waits after {self._limits.wait:g} s"
                made = run.generation.runtime.failed(RuntimeError(said_late))
            elif kind == "text":
                said = made[1].encode("latin-1")
                break
            else:
                said = decision(made)
                self._trace(run, made)
                break
        if said is None:
            said = run.changed
        if run.suspended is not None:
            # Not before: the places of the functions are others afterwards.
            file, run.suspended = run.suspended, None
            self._owner.suspend(file, run.generation.files.index(file) + 1)
        if run.last:
            run.generation.over(run.number)
        if self._owner.shadow and said is not None:
            done = words(made) if made is not None else "change a body"
            told = f"shadow: would {done}"
            self._owner.place.say("info", told, "", getattr(run.seen, "request_id", ""))
            said = None
        if run.after is not None and (said is None or isinstance(said, Forward)):
            run.after(run.generation, run.number)
        return said

    def _trace(self, run: Run, made: Sequence[Any]) -> None:
        seen = run.seen
        if seen is not None and getattr(seen, "tracing", False):
            names = ", ".join(file.name for file in run.generation.files)
            seen.trace(f"{names}, on.{run.event}: {words(made)}")

    def _rest(self, run: Run, place: int) -> Any:
        """Ask the functions after one that failed."""
        if run.event == "timer":
            return None
        runtime = run.generation.runtime
        return runtime.result(runtime.fire(run.event), run.number, place, *run.given)

    def _failed(self, run: Run, made: Sequence[Any]) -> int:
        """Tell a failure; the status that is answered for it, 0 to go on."""
        _, place, text, trace = made[:4]
        changed = made[4] if len(made) > 4 else None
        if changed is not None and run.event in _CHAINS:
            run.changed = changed.encode("latin-1")
            run.given = (changed, *run.given[1:])
        file = None
        if run.event != "timer":
            file = run.generation.file_of(run.event, int(place))
        name = file.name if file is not None else text.partition(":")[0]
        owner = self._owner
        request_id = getattr(run.seen, "request_id", "")
        generation = run.generation
        if _MEMORY.search(text) and generation is owner.generation and generation.runtime.crowded:
            owner.renew(text)
        too_often = owner.failures.note(name, run.event, text, trace, request_id)
        if file is None or owner.shadow:
            return 0
        if too_often and run.generation.files:
            run.suspended = file
        return file.status

    def _full(self, generation: Generation, event: str) -> int:
        """There is no room for anything: the runtime must go; the status if its event fails."""
        status = max((file.status for file in generation.files), default=0)
        names = ", ".join(file.name for file in generation.files)
        why = f"its rules need more than {self._soft // 1024} KiB of memory"
        self._owner.failures.note(names, event, why, "", "")
        if generation is self._owner.generation:
            self._owner.renew(why)
        return 0 if self._owner.shadow else status

    # ---- what waits ----

    def _wait(self, run: Run, made: Sequence[Any]) -> Pending | Decision | bytes | None:
        run.owner = self._owner
        waits = run.owner.waits
        run.ticket = int(made[1])
        if waits.reactor is None:
            why = "nothing can wait before the service runs"
            return self._concluded(run, run.generation.runtime.go_on(run.ticket, False, why))
        if self._waiting >= self._limits.pending:
            runtime = run.generation.runtime
            why = f"more than {self._limits.pending} runs wait at a time (limits.pending)"
            return self._concluded(run, runtime.go_on(run.ticket, False, why))
        if run.pending is None:
            run.pending = Pending(lambda: self._dropped(run))
            run.deadline = waits.reactor.callLater(self._limits.wait, self._too_late, run)
        self._waiting += 1
        run.cancel = waits.begin(
            made[2], tuple(made[3:]), lambda ok, *values: self._resumed(run, ok, values)
        )
        return run.pending

    def _resumed(self, run: Run, ok: bool, values: Sequence[Any]) -> None:
        """What a run waited for is there."""
        if run.cancel is None:
            return  # it was given up meanwhile
        run.cancel = None
        self._waiting -= 1
        runtime = run.generation.runtime
        if not runtime.has_room:
            status = self._full(run.generation, run.event)
            said: Said = Refuse(status) if status else None
        else:
            self._watchdog.running = (self, run.event, run.seen)
            made = runtime.go_on(run.ticket, ok, *values)
            self._watchdog.running = None
            said = self._concluded(run, made)
        if isinstance(said, Pending):
            return
        self._disarm(run)
        assert run.pending is not None
        run.pending.decide(said)

    def _too_late(self, run: Run) -> None:
        run.deadline = None
        run.late = True
        cancel = run.cancel
        if cancel is not None:
            cancel()
            self._resumed(run, False, (f"it waited for more than {self._limits.wait:g} s",))

    def _dropped(self, run: Run) -> None:
        """Nobody wants to know any more."""
        self._disarm(run)
        cancel, run.cancel = run.cancel, None
        if cancel is not None:
            self._waiting -= 1
            cancel()
            run.generation.runtime.give_up(run.ticket)
        if run.last:
            run.generation.over(run.number)

    def _disarm(self, run: Run) -> None:
        deadline, run.deadline = run.deadline, None
        if deadline is not None and deadline.active():
            deadline.cancel()
