"""TLS servers behind one passthrough service: each client reaches the right one, in its own TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.certificates import Authority, Issued
from kit.hellos import large_hello
from kit.programs import NeedsProgram
from kit.running_site import Place, RunningSite, eventually, running_site, service
from kit.tls import show, theirs
from pointsman.core.hello_reader import fatal_alert

PATIENCE = 30.0  # seconds
BULK = b"x" * 3_000_000
BLUE, GREEN = "blue.example.org", "green.example.org"


class TlsServer:
    """Answers requests over TLS by its name, the protocol agreed on, and much more if asked."""

    def __init__(self, name: str, leaf: Issued) -> None:
        self.name = name
        self.met = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        show(self._context, leaf)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            with sock:
                sock.settimeout(PATIENCE)
                self.met += 1
                try:
                    with self._context.wrap_socket(sock, server_side=True) as stream:
                        if not self._answer(stream):
                            return
                except (OSError, EOFError):
                    pass  # a client of a test that wants no answer

    def _answer(self, stream: ssl.SSLSocket) -> bool:
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = stream.recv(65536)
            if not more:
                raise EOFError
            asked += more
        if asked.startswith(b"STOP"):
            return False
        body = f"{self.name} {stream.selected_alpn_protocol()}".encode()
        body = BULK if asked.startswith(b"GET /bulk") else body
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        stream.sendall(head + body)
        return True

    def stop(self) -> None:
        host, port = self.address.split(":")
        with (
            socket.create_connection((host, int(port)), PATIENCE) as sock,
            theirs().wrap_socket(sock) as stream,
        ):
            stream.sendall(b"STOP\r\n\r\n")
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._listener.close()


@dataclass
class Scene:
    site: RunningSite
    root: Authority
    root_file: Path
    blue: TlsServer
    green: TlsServer
    leaves: dict[str, Issued]

    @property
    def place(self) -> Place:
        return self.site.place()

    def client(self, *alpn: str) -> ssl.SSLContext:
        context = theirs(trusts=self.root)
        context.check_hostname = True
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def asks(self, name: str, *alpn: str, path: str = "/", service: str = "site") -> bytes:
        with (
            socket.create_connection(self.site.place(service), PATIENCE) as sock,
            self.client(*alpn).wrap_socket(sock, server_hostname=name) as stream,
        ):
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            return everything(stream).partition(b"\r\n\r\n")[2]

    def terminations(self) -> list[tuple[str | None, str]]:
        return [(each.get("server_name"), each["termination"]) for each in self.site.records()]


def everything(stream: socket.socket) -> bytes:
    """Read to the end; the socket's timeout bounds it."""
    found = b""
    while more := stream.recv(65536):
        found += more
    return found


@contextmanager
def servers(root: Authority) -> Iterator[tuple[TlsServer, TlsServer, dict[str, Issued]]]:
    leaves = {BLUE: root.leaf(BLUE, "*.blue.example.org"), GREEN: root.leaf(GREEN)}
    blue, green = TlsServer("blue", leaves[BLUE]), TlsServer("green", leaves[GREEN])
    try:
        yield blue, green, leaves
    finally:
        blue.stop()
        green.stop()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("passthrough")
    root = Authority.root()
    root_file = folder / "root.pem"
    root_file.write_bytes(root.certificate_pem)
    with servers(root) as (blue, green, leaves):
        routes = [
            {"server_name": [BLUE, "*.blue.example.org"]},
            {"server_name": GREEN, "pool": "green"},
            {"alpn": "special", "pool": "green"},
        ]
        timing = {"header": "1s"}
        tls = {"mode": "passthrough", "routes": routes}
        strict = {**tls, "otherwise": "refuse"}
        site = service(blue.address, mode="tcp", tls=strict, timeouts=timing)
        open_to_all = service(
            blue.address, mode="tcp", tls={**tls, "otherwise": "green"}, timeouts=timing
        )
        pools = {"green": {"health": "none", "servers": {"g": green.address}}}
        with running_site(folder, more={"pools": pools}, site=site, open=open_to_all) as running:
            yield Scene(running, root, root_file, blue, green, leaves)


@pytest.mark.parametrize(
    ("name", "answer"),
    [(BLUE, b"blue None"), ("a.blue.example.org", b"blue None"), (GREEN, b"green None")],
)
def test_python_reaches_the_server_of_the_name_and_believes_it(
    scene: Scene, name: str, answer: bytes
) -> None:
    assert scene.asks(name) == answer
    eventually(lambda: (name, "ok") in scene.terminations())


def test_the_protocol_is_agreed_on_with_the_server(scene: Scene) -> None:
    assert scene.asks(BLUE, "h2", "http/1.1") == b"blue h2"
    assert scene.asks(GREEN, "http/1.1") == b"green http/1.1"


@pytest.mark.parametrize("name", [BLUE, GREEN])
def test_openssl_is_shown_the_certificate_of_the_server(
    scene: Scene, name: str, needs_program: NeedsProgram
) -> None:
    openssl = needs_program("openssl", package="openssl")
    ran = subprocess.run(
        [openssl, "s_client", "-connect", "{}:{}".format(*scene.place), "-servername", name,
         "-CAfile", str(scene.root_file), "-verify_return_error", "-verify_hostname", name],
        input=b"GET / HTTP/1.1\r\n\r\n", capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    shown = ran.stdout.replace(b"\r", b"")
    assert scene.leaves[name].certificate_pem in shown
    assert b"Verify return code: 0 (ok)" in shown


@pytest.mark.parametrize(("name", "body"), [(BLUE, "blue"), (GREEN, "green")])
@pytest.mark.parametrize("most", ["1.2", "1.3"])
def test_curl_gets_an_answer(
    scene: Scene, name: str, body: str, most: str, needs_program: NeedsProgram
) -> None:
    curl = needs_program("curl", package="curl")
    host, port = scene.place
    ran = subprocess.run(
        [curl, "-sS", "--http1.1", "--tls-max", most, "--cacert", str(scene.root_file),
         "--resolve", f"{name}:{port}:{host}", f"https://{name}:{port}/"],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert ran.stdout == f"{body} http/1.1"


def test_bulk_comes_whole(scene: Scene) -> None:
    assert scene.asks(BLUE, path="/bulk") == BULK


def test_a_name_that_nobody_serves_is_refused_by_an_alert(scene: Scene) -> None:
    met = scene.blue.met, scene.green.met
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        scene.asks("unknown.example.org")
    assert (scene.blue.met, scene.green.met) == met
    eventually(lambda: ("unknown.example.org", "client_error") in scene.terminations())
    scene.site.program.until("is refused: no pool is for what it asks for")


def test_who_asks_for_no_name_goes_where_otherwise_says(scene: Scene) -> None:
    context = scene.client("http/1.1")
    context.check_hostname = False
    with (
        socket.create_connection(scene.site.place("open"), PATIENCE) as sock,
        context.wrap_socket(sock) as stream,
    ):
        assert stream.getpeercert(binary_form=True) == scene.leaves[GREEN].certificate_der
    with (
        socket.create_connection(scene.place, PATIENCE) as sock,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"),
    ):
        context.wrap_socket(sock)


def test_a_protocol_alone_can_decide(scene: Scene) -> None:
    context = scene.client("special", "h2")
    context.check_hostname = False
    with (
        socket.create_connection(scene.place, PATIENCE) as sock,
        context.wrap_socket(sock) as stream,
    ):
        assert stream.getpeercert(binary_form=True) == scene.leaves[GREEN].certificate_der


def test_a_silent_client_is_cut_and_stops_nobody(scene: Scene) -> None:
    with (
        socket.create_connection(scene.place, PATIENCE) as silent,
        socket.create_connection(scene.place, PATIENCE) as half,
    ):
        half.sendall(large_hello(BLUE)[:700])
        assert scene.asks(GREEN) == b"green None"
        for sock in (silent, half):
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
    eventually(lambda: scene.terminations().count((None, "client_timeout")) == 2)


def test_a_hello_byte_by_byte_over_the_wire(scene: Scene) -> None:
    said, heard = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = scene.client().wrap_bio(heard, said, server_hostname=BLUE)
    with socket.create_connection(scene.place, PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(20):
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in said.read():
                    sock.send(bytes([byte]))
                heard.write(sock.recv(65536))
        assert client.getpeercert(binary_form=True) == scene.leaves[BLUE].certificate_der


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 400 "),
        (b"SSH-2.0-x\r\n", b""),
        (b"\x16\x03\x01\x00\x05\x01\x00\xff\xff\x03", fatal_alert(50)),
    ],
)
def test_what_is_no_hello_is_refused(scene: Scene, said: bytes, told: bytes) -> None:
    with socket.create_connection(scene.place, PATIENCE) as sock:
        sock.sendall(said)
        answer = everything(sock)
    assert answer.startswith(told)
    assert bool(answer) == bool(told)
