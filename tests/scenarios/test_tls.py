"""TLS from clients and to servers, with the running program, driven by curl, openssl and Python."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from kit.plays import Conversation, answering, polite
from kit.programs import NeedsProgram
from kit.raw_clients import RawClient
from kit.real_servers import RealServer, real_server
from kit.running_site import RunningSite, running_site, service
from kit.tls import show
from kit.tls_site import LEAF, NAME, OTHER, ROOT, TlsClient, client_context, over_tls, sections
from pointsman.app.cli import main

GET = b"GET / HTTP/1.1\r\nHost: pool.example\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\npart of the answer"


def cut_short(conversation: Conversation) -> None:
    """Answer without a length, and close without a close_notify."""
    conversation.head()
    conversation.send(UNTIL_CLOSE)


def ended_well(conversation: Conversation) -> None:
    """Answer without a length, and say that this was all."""
    conversation.head()
    conversation.send(UNTIL_CLOSE)
    assert isinstance(conversation.sock, ssl.SSLSocket)
    with suppress(OSError):
        conversation.sock = conversation.sock.unwrap()


class Site(NamedTuple):
    running: RunningSite
    plain: RealServer
    tls: RealServer

    def client(
        self, name: str = "offload", sni: str = NAME, **options: ssl.SSLContext
    ) -> TlsClient:
        return TlsClient(self.running.place(name), sni, **options)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tls")
    both = {"certificates": ["pool", "other"]}
    upstream = {"verify": "root", "name": NAME}
    demand = {"mode": "optional", "authorities": "root", "forward": ["subject"]}
    with ExitStack() as stack:
        plain = stack.enter_context(real_server())
        tls = stack.enter_context(real_server(over_tls(polite)))
        wrong = stack.enter_context(real_server(over_tls(polite, OTHER)))
        cut = stack.enter_context(real_server(over_tls(cut_short)))
        well = stack.enter_context(real_server(over_tls(ended_well)))
        reencrypt = {"mode": "reencrypt", **both, "upstream": upstream}
        running = stack.enter_context(
            running_site(
                folder,
                more=sections(folder),
                offload=service(plain.address, tls={"mode": "offload", **both, "hsts": True}),
                reencrypt=service(tls.address, tls=reencrypt),
                wrong=service(wrong.address, tls=reencrypt),
                cut=service(cut.address, tls=reencrypt),
                well=service(well.address, tls=reencrypt),
                originate=service(tls.address, tls={"mode": "originate", "upstream": upstream}),
                strict=service(plain.address, tls={"mode": "offload", **both, "strict_sni": True}),
                required=service(
                    plain.address, tls={"mode": "offload", **both, "require_sni": True}
                ),
                clients=service(
                    plain.address, tls={"mode": "offload", **both, "client_certificates": demand}
                ),
                temporary=service(plain.address, tls="offload"),
                raw=service(plain.address, mode="tcp", tls={"mode": "offload", **both}),
                raw_both=service(tls.address, mode="tcp", tls=reencrypt),
            )
        )
        yield Site(running, plain, tls)


@pytest.mark.parametrize("name", ["offload", "reencrypt", "raw", "raw_both"])
def test_a_verifying_client_is_served_many_times(site: Site, name: str) -> None:
    with site.client(name) as client:
        for _ in range(3):
            assert client.ask(GET).endswith(b"hello")


def test_servers_are_told_that_it_was_https(site: Site) -> None:
    with site.client() as client:
        client.ask(GET)
    assert b"X-Forwarded-Proto: https\r\n" in site.plain.requests[-1].head
    with RawClient(site.running.place("originate")) as client:
        client.ask(GET)
    assert b"X-Forwarded-Proto: http\r\n" in site.tls.requests[-1].head


def test_hsts_is_on_every_response_errors_included(site: Site) -> None:
    with site.client() as client:
        for request in (GET, b"nonsense\r\n\r\n"):
            client.send(request)
            head = client.until(b"\r\n\r\n")
            assert head.count(b"Strict-Transport-Security: max-age=31536000\r\n") == 1


def test_upstream_connections_with_tls_are_reused(site: Site) -> None:
    with site.client("reencrypt") as client:
        client.ask(GET)
        before = len(site.tls.conversations)
        for _ in range(5):
            client.ask(GET)
    assert len(site.tls.conversations) == before


def test_a_server_for_another_name_gets_nothing_and_the_client_a_plain_502(site: Site) -> None:
    with site.client("wrong") as client:
        client.send(GET)
        answer = client.until(b"Request id")
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"other.example" not in answer
    site.running.program.until(
        r"no TLS with server a at \S+ the certificate is for other.example, not for pool.example"
    )


def test_an_answer_cut_without_close_notify_is_not_passed_on_as_complete(site: Site) -> None:
    with site.client("cut") as client:
        client.send(GET)
        client.until(b"part of the answer")
        # Neither a last chunk nor an end in order, which would say that this was all.
        with pytest.raises((ssl.SSLEOFError, ConnectionError)):
            client.sock.recv(1000)
    with site.client("well") as client:
        client.send(GET)
        assert client.until(b"\r\n0\r\n\r\n")


def test_a_plain_request_to_a_tls_port_is_told_so(site: Site) -> None:
    with RawClient(site.running.place("offload")) as client:
        client.send(GET)
        assert client.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_host_that_the_certificate_is_not_for_is_misdirected_where_that_matters(
    site: Site,
) -> None:
    other = b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n"
    with site.client("strict") as client:
        assert client.ask(GET).endswith(b"hello")
        client.send(other)
        assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 421 ")
    with site.client("strict", "other.example") as client:
        assert client.ask(other).endswith(b"hello")
    with site.client() as client:
        assert client.ask(other).endswith(b"hello")


def test_a_name_without_certificate_is_refused_where_sni_is_required(site: Site) -> None:
    lenient = client_context()
    lenient.check_hostname = False
    with pytest.raises(ssl.SSLError):
        site.client("required", "nobody.example", context=lenient)
    with site.client("required", "other.example") as client:
        assert client.ask(GET).endswith(b"hello")
    site.running.program.until("there is no certificate for 'nobody.example'")


def test_only_we_say_who_a_client_is(site: Site) -> None:
    forged = (
        b"GET / HTTP/1.1\r\nHost: pool.example\r\nX-SSL-Client-Subject: CN=admin\r\n"
        b"x_ssl_client_verify: SUCCESS\r\nX-SSL-CLIENT-CERTIFICATE: x\r\n\r\n"
    )
    with site.client("clients") as client:
        client.ask(forged)
    head = site.plain.requests[-1].head
    assert b"X-SSL-Client-Verify: NONE\r\n" in head
    assert b"admin" not in head
    assert head.lower().count(b"client") == 1
    staff = client_context()
    show(staff, ROOT.leaf("alice"))
    with site.client("clients", context=staff) as client:
        client.ask(forged)
    head = site.plain.requests[-1].head
    assert b"X-SSL-Client-Subject: CN=alice\r\n" in head
    assert b"admin" not in head


def test_a_temporary_certificate_stands_in_and_is_said_to(site: Site) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
        site.client("temporary")
    assert "a temporary one is shown" in site.running.program.output


def test_curl_is_served(site: Site, needs_program: NeedsProgram, tmp_path: Path) -> None:
    curl = needs_program("curl", package="curl")
    root = tmp_path / "root.pem"
    root.write_bytes(ROOT.certificate_pem)
    for name in ("offload", "reencrypt"):
        host, port = site.running.place(name)
        outcome = subprocess.run(
            [curl, "-sS", "--cacert", str(root), "--resolve", f"{NAME}:{port}:{host}",
             f"https://{NAME}:{port}/", f"https://{NAME}:{port}/"],
            capture_output=True, timeout=30, check=False,
        )  # fmt: skip
        assert (outcome.stdout, outcome.stderr) == (b"hellohello", b"")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssls_own_client_resumes_and_cannot_renegotiate(
    site: Site, needs_program: NeedsProgram, tmp_path: Path, version: str
) -> None:
    openssl = needs_program("openssl", package="openssl")
    root, session = tmp_path / "root.pem", tmp_path / "session"
    root.write_bytes(ROOT.certificate_pem)
    place = "{}:{}".format(*site.running.place("offload"))
    common = [openssl, "s_client", "-connect", place, "-servername", NAME, version,
              "-CAfile", str(root), "-verify_return_error"]  # fmt: skip
    request = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    def run(*more: str, says: bytes = request) -> str:
        command = [*common, "-ign_eof" if says == request else "-no_ign_eof", *more]
        outcome = subprocess.run(command, input=says, capture_output=True, timeout=30, check=False)
        return (outcome.stdout + outcome.stderr).decode("latin-1")

    assert "hello" in (first := run("-sess_out", str(session)))
    assert "Verification: OK" in first
    assert "Reused, " in run("-sess_in", str(session))
    if version == "-tls1_2":
        assert "RENEGOTIATING" in (refused := run(says=b"R\n"))
        assert "no renegotiation" in refused


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_client_that_takes_small_records_gets_all(
    needs_program: NeedsProgram, tmp_path: Path, version: str
) -> None:
    openssl = needs_program("openssl", package="openssl")
    body = bytes(33 + number % 90 for number in range(5000))
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with ExitStack() as stack:
        real = stack.enter_context(real_server(answering(answer)))
        tls = {"mode": "offload", "certificates": "pool"}
        running = stack.enter_context(
            running_site(tmp_path, more=sections(tmp_path), site=service(real.address, tls=tls))
        )
        outcome = subprocess.run(
            [openssl, "s_client", "-connect", "{}:{}".format(*running.place()), version,
             "-maxfraglen", "512", "-quiet"],
            input=GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
            capture_output=True, timeout=30, check=False,
        )  # fmt: skip
    assert outcome.stdout.endswith(body)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("mode", ["reencrypt", "originate"])
def test_openssls_own_server_is_verified_and_asked(
    tmp_path: Path, needs_program: NeedsProgram, version: str, mode: str
) -> None:
    openssl = needs_program("openssl", package="openssl")
    more = sections(tmp_path)
    command = [openssl, "s_server", "-accept", "127.0.0.1:0", "-cert", "pool.pem", version, "-www"]
    with ExitStack() as stack:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        assert process.stdout is not None
        place = next(line.split()[1] for line in process.stdout if line.startswith("ACCEPT "))
        shown = {"certificates": "pool"} if mode == "reencrypt" else {}
        tls = {"mode": mode, **shown, "upstream": {"verify": "root", "name": NAME}}
        running = stack.enter_context(
            running_site(tmp_path, more=more, site=service(place, tls=tls))
        )
        connect = TlsClient if mode == "reencrypt" else RawClient
        with connect(running.place()) as client:
            client.send(GET)
            answer = client.until(b"</pre>")
    assert answer.startswith(b"HTTP/1.1 200 ok\r\n")
    told = {"-tls1_2": b"TLSv1.2", "-tls1_3": b"TLSv1.3"}[version]
    assert b"Protocol  : " + told in answer or b"New, " + told in answer


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(site: Site, needs_program: NeedsProgram, version: str) -> None:
    openssl = needs_program("openssl", package="openssl")
    place = "{}:{}".format(*site.running.place("offload"))
    outcome = subprocess.run(
        [openssl, "s_client", "-connect", place, version, "-cipher", "DEFAULT:@SECLEVEL=0"],
        input=b"", capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert outcome.returncode != 0
    assert b"Cipher is (NONE)" in outcome.stdout


def test_the_certificate_is_the_one_configured(site: Site) -> None:
    with site.client() as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.sock.getpeercert(binary_form=True) == LEAF.certificate_der


def test_what_tls_does_is_logged_and_shown_by_check(site: Site, tmp_path: Path) -> None:
    assert "(http, offload), 1 servers" in site.running.program.output
    assert "(tcp, reencrypt), 1 servers" in site.running.program.output
    tls = {"mode": "originate", "upstream": {"verify": "none"}}
    config = {"version": 1, "virtual_services": {"site": service("127.0.0.1:9443", tls=tls)}}
    path = tmp_path / "site.yaml"
    path.write_text(json.dumps(config))
    shown = CliRunner().invoke(main, ["check", str(path)], color=True)
    assert shown.exit_code == 0
    assert "\x1b[31m\x1b[1moriginate, verify: none\x1b[0m" in shown.output
    assert "can read and change everything" in shown.output
