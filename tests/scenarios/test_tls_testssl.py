"""testssl.sh on the default policy: it finds nothing but what docs/tls.md explains."""

from __future__ import annotations

import faulthandler
import json
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest

from kit.certificates import Authority
from kit.ocsp import responder, response
from kit.programs import NeedsProgram
from kit.real_servers import real_server
from kit.running_site import running_site, service
from kit.tls_site import NAME, write_private
from kit.tree import TOP

LONGEST = 900  # seconds; it takes about two minutes on a machine with nothing else to do


def explained() -> set[str]:
    """The findings that the manual explains, by the names that testssl.sh has for them."""
    text = (TOP / "docs/tls.md").read_text().partition("## testssl.sh")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_it_finds_nothing_but_what_the_manual_explains(
    kind: Literal["ec", "rsa"], tmp_path: Path, needs_program: NeedsProgram
) -> None:
    testssl = needs_program("testssl", package="testssl.sh")
    # What ends a test that hangs would end this one on a machine that is busy.
    faulthandler.dump_traceback_later(LONGEST + 60, exit=True)
    root = Authority.root(kind="rsa")
    (tmp_path / "root.pem").write_bytes(root.certificate_pem)
    with ExitStack() as stack:
        answers: list[bytes] = []
        url = stack.enter_context(responder(lambda request: answers[0]))
        leaf = root.leaf(NAME, kind=kind, ocsp=url)
        answers.append(response(leaf, root))
        write_private(tmp_path / "pool.pem", leaf.pem)
        real = stack.enter_context(real_server())
        more = {
            "certificates": {"pool": {"pem": "pool.pem", "ocsp": {"responder": "auto"}}},
            "intermediates": {"root": {"file": "root.pem"}},
        }
        tls = {"mode": "offload", "certificates": "pool", "hsts": True}
        site = service(real.address, tls=tls)
        running = stack.enter_context(running_site(tmp_path, more=more, site=site))
        running.program.until("is shown with an OCSP response")
        host, port = running.place()
        command = [testssl, "--quiet", "--color", "0", "--warnings", "off", "-n", "none",
                   "--ip", host, "--add-ca", "root.pem", "--jsonfile", "found.json",
                   f"https://{NAME}:{port}/"]  # fmt: skip
        outcome = subprocess.run(
            command, cwd=tmp_path, capture_output=True, timeout=LONGEST, check=False
        )
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found) > 50, outcome.stdout
    worse = {each["id"]: each for each in found if each["severity"] not in ("OK", "INFO")}
    assert set(worse) <= explained(), worse
