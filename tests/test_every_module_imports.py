"""Each module imports alone, in a fresh interpreter, without a warning and without a reactor."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kit.tree import source_modules

IMPORT_ALONE = """
import importlib, sys
importlib.import_module(sys.argv[1])
if "twisted.internet.reactor" in sys.modules:
    sys.exit("the import installed Twisted's global reactor: it is passed in, never imported")
if sys.argv[2] == "below net" and "twisted" in sys.modules:
    sys.exit("the import brought Twisted in, which only net and app may do")
"""
BELOW_NET = re.compile(r"pointsman(\.(model|contracts|hookspecs|core|config)\b.*)?$")
AT_ONCE = 2
SECONDS = 60

MODULES = sorted(source_modules())


def import_alone(module: str) -> subprocess.CompletedProcess[str]:
    floor = "below net" if BELOW_NET.match(module) else "any"
    return subprocess.run(
        # -I: neither the current folder nor the environment may lend a hand.
        [sys.executable, "-I", "-W", "error", "-c", IMPORT_ALONE, module, floor],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def imports() -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """All imports, running a few at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {module: pool.submit(import_alone, module) for module in MODULES}
        pool.shutdown(cancel_futures=True)


def test_the_tree_was_found() -> None:
    assert {"pointsman", "pointsman.model", "pointsman_scheduling"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_alone(
    module: str, imports: dict[str, Future[subprocess.CompletedProcess[str]]]
) -> None:
    outcome = imports[module].result(timeout=SECONDS * len(MODULES))
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == "", "nothing happens on import"
