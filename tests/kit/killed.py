"""Work that is killed without warning: at each line of some modules, one after the other."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any

MOST_LINES = 5000


def killed_at_each_line(work: Callable[[], object], *modules: ModuleType) -> Iterator[int]:
    """Do the work in a child process that is killed (SIGKILL) before the nth line of the modules.

    Yields:
        n = 1, 2, 3 ... each time that a child was killed, until one came to the end of its work.
    """
    files = {module.__file__ for module in modules}
    for number in range(1, MOST_LINES):
        child = os.fork()
        if not child:
            _die_at(number, files, work)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, "the work failed"
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
        yield number
    raise AssertionError(f"more than {MOST_LINES} lines")


def _die_at(number: int, files: set[str | None], work: Callable[[], object]) -> None:
    left = number

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    status = 1
    try:
        sys.settrace(trace)
        work()
        status = 0
    finally:
        os._exit(status)
