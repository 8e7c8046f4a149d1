"""What the numbers were measured on: without it they say little, and with a date no more."""

import os
import platform
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from bench.measure import cores_to_use
from bench.rivals import Rival


def described(rivals: Iterable[Rival]) -> list[str]:
    """Tell the machine and the versions in a few lines."""
    proxy, load = cores_to_use()
    where = (
        f"the proxy on core {proxy}, the load and the real servers on core {load}"
        if proxy != load
        else "only one core, shared by the proxy and the load: compare with care"
    )
    versions = ", ".join(f"{rival.name} {rival.version()}" for rival in rivals)
    return [
        f"{os.cpu_count()} cores of {cpu_model(Path('/proc/cpuinfo').read_text())}; {where}.",
        f"Linux {kernel(platform.release())}, {python()}; {versions}.",
    ]


def python() -> str:
    """Tell the interpreter, and what is known of how it was built: that makes half its speed."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        built = "built with a profile"
    elif Path(sys.base_prefix) == Path("/usr"):
        built = "as the distribution built it"  # with a profile, but it does not say so
    else:
        built = "built without a profile, which is slower"
    return f"CPython {platform.python_version()} ({built})"


def cpu_model(cpuinfo: str) -> str:
    """Read the processor's name from the text of /proc/cpuinfo; ARM's has none."""
    for line in cpuinfo.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def kernel(release: str) -> str:
    """Shorten `6.18.44-fc-v657` to what matters.

    >>> kernel("6.18.44-fc-v657")
    '6.18.44'
    """
    return release.partition("-")[0]
