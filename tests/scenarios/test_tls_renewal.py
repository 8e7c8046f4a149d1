"""Certificates that are renewed on disk, and OCSP responses, with the running program."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.certificates import Issued
from kit.ocsp import openssl_answers, responder
from kit.programs import NeedsProgram
from kit.real_servers import real_server
from kit.running_site import RunningSite, eventually, running_site, service
from kit.tls_site import NAME, ROOT, TlsClient, sections, write_private

GET = b"GET / HTTP/1.1\r\nHost: pool.example\r\n\r\n"


@contextmanager
def showing(folder: Path, leaf: Issued, **options: Any) -> Iterator[RunningSite]:
    """Run a service that shows this certificate."""
    more = sections(folder)
    more["certificates"] = {"pool": {"pem": "pool.pem", **options}}
    write_private(folder / "pool.pem", leaf.pem)
    with ExitStack() as stack:
        real = stack.enter_context(real_server())
        tls = {"mode": "offload", "certificates": "pool"}
        site = service(real.address, tls=tls)
        yield stack.enter_context(running_site(folder, more=more, site=site))


def shown_to(client: TlsClient) -> bytes | None:
    assert isinstance(client.sock, ssl.SSLSocket)
    return client.sock.getpeercert(binary_form=True)


def shown(running: RunningSite) -> bytes | None:
    with TlsClient(running.place()) as client:
        return shown_to(client)


@pytest.mark.slow
def test_a_certificate_that_is_renewed_on_disk_is_shown_and_no_connection_closed(
    tmp_path: Path,
) -> None:
    first, second = ROOT.leaf(NAME), ROOT.leaf(NAME)
    with (
        showing(tmp_path, first, watch=True) as running,
        TlsClient(running.place()) as old,
    ):
        assert shown(running) == first.certificate_der
        (tmp_path / "pool.pem").write_bytes(second.pem)
        running.program.until("the certificate 'pool' has changed and was read anew")
        assert shown(running) == second.certificate_der
        assert old.ask(GET).endswith(b"hello")
        assert shown_to(old) == first.certificate_der
        (tmp_path / "pool.pem").write_bytes(b"half a certifi")
        running.program.until("the one of before stays: pool.pem: this is neither PEM nor DER")
        assert shown(running) == second.certificate_der


def test_clients_that_ask_get_an_ocsp_response(tmp_path: Path, needs_program: NeedsProgram) -> None:
    openssl = needs_program("openssl", package="openssl")
    known: list[Any] = []
    (tmp_path / "root.pem").write_bytes(ROOT.certificate_pem)
    with responder(openssl_answers(openssl, ROOT, lambda: known)) as url:
        leaf = ROOT.leaf(NAME, ocsp=url)
        known.append(leaf.certificate)
        with showing(tmp_path, leaf, ocsp={"responder": "auto"}) as running:
            running.program.until("'pool' is shown with an OCSP response that is good until")
            place = "{}:{}".format(*running.place())
            for version in ("-tls1_2", "-tls1_3"):
                outcome = subprocess.run(
                    [openssl, "s_client", "-connect", place, "-servername", NAME, "-status",
                     version, "-CAfile", str(tmp_path / "root.pem")],
                    input=b"", capture_output=True, timeout=30, check=False,
                )  # fmt: skip
                assert b"OCSP Response Status: successful (0x0)" in outcome.stdout
                assert b"Cert Status: good" in outcome.stdout


def test_a_responder_that_fails_is_told_and_holds_nobody_up(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def nothing(request: bytes) -> bytes:
        asked.append(request)
        return b""

    with (
        responder(nothing) as url,
        showing(tmp_path, ROOT.leaf(NAME, ocsp=url), ocsp={"responder": "auto"}) as running,
    ):
        eventually(lambda: bool(asked))
        running.program.until("no OCSP response for the certificate 'pool' from http://")
        with TlsClient(running.place()) as client:
            assert client.ask(GET).endswith(b"hello")
