"""What a program and its children used: CPU time and resident memory, as the kernel counts them."""

import os
import time
from pathlib import Path

# linux/include/linux/posix-timers.h: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
CPUCLOCK_SCHED = 2


def family(pid: int) -> list[int]:
    """List a process and all its living descendants."""
    found = [pid]
    for task in tasks(pid):
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def tasks(pid: int) -> list[Path]:
    """List the threads of a process as folders of /proc; none where it has ended."""
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return []


def cpu_clock(pid: int) -> int:
    """Return the id of the clock that counts the CPU time of all threads of a process.

    It is what clock_getcpuclockid(3) returns. Unlike utime and stime in /proc it has no tick,
    and unlike /proc/PID/schedstat it counts every thread, those that have ended as well.
    """
    return (~pid << 3) | CPUCLOCK_SCHED


def cpu_ns(pid: int) -> int:
    """Return the CPU time of a process and its descendants so far, in nanoseconds.

    Raises:
        OSError: the process has ended.
    """
    return sum(time.clock_gettime_ns(cpu_clock(member)) for member in family(pid))


def rss_kib(pid: int) -> int:
    """Return the resident memory of a process and its descendants in KiB (VmRSS, proc(5))."""
    return sum(vm_rss(Path(f"/proc/{member}/status").read_text()) for member in family(pid))


def vm_rss(status: str) -> int:
    """Read VmRSS, in KiB, from the text of /proc/PID/status."""
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0  # a process that has ended but was not waited for holds no memory


def user_and_system_seconds(pid: int) -> tuple[float, float]:
    """Return how much of the CPU time was spent outside and inside the kernel, in seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    user = system = 0.0
    for member in family(pid):
        # The program's name stands in brackets and may hold anything, a bracket too.
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        user += int(fields[11]) / ticks
        system += int(fields[12]) / ticks
    return user, system


def cores_to_use() -> tuple[int, int]:
    """Choose a core for the proxy and one for the load and the real servers.

    They are the same where we may use only one.
    """
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[1 % len(allowed)]
