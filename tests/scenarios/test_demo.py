"""A demo server is killed: all traffic moves within the check time; started again, it is used."""

import os
import re
import shlex
import signal

from kit.child_programs import ChildProgram, pointsman, started
from pointsman.app.demo.show import CHECK_SECONDS

SERVER = r"(\w+) (\d+) requests"
ROW = rf"red {SERVER} \| blue {SERVER} \| own requests: (\d+) good, (\d+) bad"


def rows(program: ChildProgram) -> list[tuple[int, int, int, int]]:
    """Requests of red and blue, good and bad answers, second by second."""
    return [
        (int(red), int(blue), int(good), int(bad))
        for _, red, _, blue, good, bad in re.findall(ROW, program.output)
    ]


def next_rows(program: ChildProgram, count: int) -> list[tuple[int, int, int, int]]:
    """Wait for that many further rows."""
    seen = len(rows(program))
    program.until(rf"(?s)(?:{ROW}.*?){{{seen + count}}}")
    return rows(program)[seen:]


def test_killing_a_server_moves_its_traffic_and_starting_it_again_brings_it_back() -> None:
    with pointsman("demo") as program:
        told = program.until(r"red: kill (\d+)    and to start it again: (.+)\n")
        pid, again = int(told[1]), told[2]
        program.until("demo/red is up")
        program.until("demo/blue is up")

        os.kill(pid, signal.SIGTERM)
        program.until("demo/red is down: [^\n]+\n", 10 * CHECK_SECONDS)
        before, *_, after = next_rows(program, 3)
        assert after[0] == before[0], "a server that is down got requests"
        assert after[1] > before[1]

        with started(*shlex.split(again)):
            program.until(r"(?s)red is down.*red is up", 60)
            first, *_, last = next_rows(program, 3)
            assert last[0] > first[0]
            assert last[1] > first[1]

            program.signal(signal.SIGINT)
            assert program.wait() == 0
            # Connections that are refused are tried elsewhere, so hardly a client noticed: only
            # what the killed server was working on in that moment may have been lost.
            good, bad = rows(program)[-1][2:]
            assert bad <= 1, program.output
            assert good > 50
