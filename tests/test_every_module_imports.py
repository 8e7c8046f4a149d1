"""Each module imports alone, as the first of ours in its process, without warning or reactor.

The processes are forks of one that has imported what others wrote, and nothing of ours: to start
an interpreter and import Twisted anew for each of hundreds of modules would take minutes.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kit.tree import source_modules

# It reads a module a line, and answers each by a line: exit status and output of a fork.
FORKING = """
import importlib, json, os, sys, tempfile
for name in sys.argv[1].split():
    importlib.import_module(name)
assert not any(name.startswith("pointsman") for name in sys.modules)
for line in sys.stdin:
    module = line.strip()
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            sys.excepthook = sys.__excepthook__
            try:
                importlib.import_module(module)
                if "twisted.internet.reactor" in sys.modules:
                    sys.exit("it installed Twisted's global reactor: that is passed in")
                if sys.argv[2] == "below net" and "twisted" in sys.modules:
                    sys.exit("it brought Twisted in, which only net and app may do")
                status = 0
            except SystemExit as exit:
                print(exit.code)
                status = 1
            except BaseException:
                import traceback
                traceback.print_exc()
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        status = os.waitpid(child, 0)[1]
        said.seek(0)
        print(json.dumps([status, said.read().decode(errors="replace")]), flush=True)
"""
BELOW_NET = re.compile(r"pointsman(\.(model|contracts|hookspecs|core|config)\b.*)?$")
# Imported once. Whatever is left out here is only imported again in each fork.
OF_OTHERS = {
    "below net": "pydantic pluggy click ruamel.yaml",
    "any": "pydantic pluggy click ruamel.yaml rich.live rich.table twisted.internet.endpoints "
    "twisted.application.service twisted.web.server twisted.internet.epollreactor lupa.lua54 "
    "service_identity.pyopenssl cryptography.x509 cryptography.hazmat.primitives.serialization",
}
SECONDS = 60

MODULES = sorted(source_modules())


def floor_of(module: str) -> str:
    return "below net" if BELOW_NET.match(module) else "any"


def import_each(floor: str, futures: dict[str, Future[tuple[int, str]]]) -> None:
    """Import all modules of a floor, each in a fork of its own."""
    # -I: neither the current folder nor the environment may lend a hand.
    command = [sys.executable, "-I", "-W", "error", "-c", FORKING, OF_OTHERS[floor], floor]
    modules = [module for module in futures if floor_of(module) == floor]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("".join(f"{module}\n" for module in modules))
        process.stdin.close()
        for module in modules:
            line = process.stdout.readline()
            futures[module].set_result(
                tuple(json.loads(line)) if line else (1, f"no answer: {process.stderr.read()}")
            )


@pytest.fixture(scope="module")
def imports() -> Iterator[dict[str, Future[tuple[int, str]]]]:
    """All imports, two at once."""
    futures: dict[str, Future[tuple[int, str]]] = {module: Future() for module in MODULES}
    with ThreadPoolExecutor(len(OF_OTHERS)) as pool:
        for floor in OF_OTHERS:
            pool.submit(import_each, floor, futures)
        yield futures


def test_the_tree_was_found() -> None:
    assert {"pointsman", "pointsman.model", "pointsman_scheduling"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_alone(module: str, imports: dict[str, Future[tuple[int, str]]]) -> None:
    status, said = imports[module].result(timeout=SECONDS)
    assert status == 0, said
    assert said == "", "nothing happens on import"
