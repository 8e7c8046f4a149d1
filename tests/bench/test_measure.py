"""What the kernel says of a process."""

import os
import time

from bench.measure import cores_to_use, cpu_ns, family, rss_kib, user_and_system_seconds, vm_rss


def test_the_cpu_time_of_a_process_is_what_its_own_clock_says() -> None:
    before = time.process_time_ns()
    seen = cpu_ns(os.getpid())
    after = time.process_time_ns()
    children = [pid for pid in family(os.getpid()) if pid != os.getpid()]
    assert before <= seen
    assert children or seen <= after


def test_user_and_system_time_make_up_the_cpu_time() -> None:
    total = sum(user_and_system_seconds(os.getpid()))
    assert abs(total - cpu_ns(os.getpid()) / 1e9) < 0.5


def test_a_process_belongs_to_its_family() -> None:
    assert family(os.getpid())[0] == os.getpid()


def test_resident_memory_is_read_in_kib() -> None:
    assert vm_rss("Name:\tx\nVmHWM:\t   9 kB\nVmRSS:\t   1234 kB\n") == 1234
    assert vm_rss("Name:\tgone\n") == 0
    assert rss_kib(os.getpid()) > 1024


def test_the_cores_are_some_that_we_may_use() -> None:
    assert {*cores_to_use()} <= os.sched_getaffinity(0)
