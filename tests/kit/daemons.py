"""Servers of many protocols as real programs: started by a test on loopback, and ended by it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.programs import path_of_program
from kit.running_site import eventually

PATIENCE = 60.0  # seconds
NOBODY = 65534


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def optional_program(name: str, package: str) -> str:
    """Path of a program that is too large to be asked for; the test is left where it is missing."""
    folders = [os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
    folders += [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    path = shutil.which(name, path=":".join(folders))
    if path is None:
        pytest.skip(f"{name} is not here; on Debian: apt-get install {package}")
    return os.path.realpath(path)


@contextmanager
def daemon(
    *command: str, port: int, folder: Path, user: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in the foreground, in a process group of its own, until the block ends.

    Args:
        command: what is run.
        port: it is up once it accepts a connection there.
        folder: where it runs, and writes what it has to say.
        user: as whom it runs, if that is to be another one.
    """
    said = folder / f"said-{port}.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder,
            user=user,
            start_new_session=True,
        )

    def listens() -> bool:
        assert process.poll() is None, said.read_text(errors="replace")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(listens, PATIENCE)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # our own: its leader is not reaped yet
            process.wait(PATIENCE)


@contextmanager
def redis(folder: Path, *options: str) -> Iterator[int]:
    port = free_port()
    command = [path_of_program("redis-server", package="redis-server"), "--port", str(port)]
    command += ["--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options]
    with daemon(*command, port=port, folder=folder):
        yield port


_ESMTP = """\
import sys
from twisted.internet import reactor
from twisted.mail.smtp import ESMTP, SMTPFactory
SMTPFactory.protocol = ESMTP
reactor.listenTCP(int(sys.argv[1]), SMTPFactory(), interface="127.0.0.1")
reactor.run()
"""


@contextmanager
def esmtp(folder: Path) -> Iterator[int]:
    """The ESMTP server of Twisted's mail; tells its port."""
    port = free_port()
    with daemon(sys.executable, "-c", _ESMTP, str(port), port=port, folder=folder):
        yield port


@contextmanager
def dnsmasq(folder: Path) -> Iterator[int]:
    """Knows www.example.org, and nobody whom it could ask for others."""
    port = free_port()
    command = [path_of_program("dnsmasq", package="dnsmasq-base"), "-k", "-C", "/dev/null"]
    command += ["--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1"]
    command += [f"--port={port}", "--pid-file=", "--user=", "--local=/example.org/"]
    command += ["--address=/www.example.org/192.0.2.1"]
    with daemon(*command, port=port, folder=folder):
        yield port


@contextmanager
def vsftpd(folder: Path) -> Iterator[int]:
    port = free_port()
    settings = folder / "vsftpd.conf"
    settings.write_text(
        f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n"
        "run_as_launching_user=YES\nanonymous_enable=YES\nlocal_enable=NO\n"
        "seccomp_sandbox=NO\nftpd_banner=ready for you\n"
    )
    program = path_of_program("vsftpd", package="vsftpd")
    with daemon(program, str(settings), port=port, folder=folder):
        yield port


@contextmanager
def slapd(folder: Path, more: str = "") -> Iterator[int]:
    """Knows cn=admin,dc=example with the password sesame."""
    program = optional_program("slapd", "slapd")
    port = free_port()
    data = folder / f"ldap-{port}"
    data.mkdir()
    settings = folder / f"slapd-{port}.conf"
    settings.write_text(
        f"include /etc/ldap/schema/core.schema\n{more}modulepath /usr/lib/ldap\n"
        "moduleload back_mdb\ndatabase mdb\nsuffix dc=example\n"
        f"rootdn cn=admin,dc=example\nrootpw sesame\ndirectory {data}\n"
    )
    command = [program, "-h", f"ldap://127.0.0.1:{port}", "-f", str(settings), "-d", "0"]
    with daemon(*command, port=port, folder=folder):
        yield port


@contextmanager
def dovecot(folder: Path) -> Iterator[tuple[int, int]]:
    """Ports of IMAP and of POP3."""
    program = optional_program("dovecot", "dovecot-imapd dovecot-pop3d")
    if os.geteuid() != 0:
        pytest.skip("dovecot wants to be started by root")
    imap, pop3 = free_port(), free_port()
    # Its sockets have long names.
    base = Path("/tmp") / f"dovecot-{os.getpid()}-{imap}"
    settings = folder / "dovecot.conf"
    settings.write_text(
        f"protocols = imap pop3\nbase_dir = {base}\nstate_dir = {base}/state\nssl = no\n"
        f"log_path = {folder}/dovecot.log\nlisten = 127.0.0.1\n"
        f"service imap-login {{\n inet_listener imap {{\n port = {imap}\n }}\n"
        " inet_listener imaps {\n port = 0\n }\n}\n"
        f"service pop3-login {{\n inet_listener pop3 {{\n port = {pop3}\n }}\n"
        " inet_listener pop3s {\n port = 0\n }\n}\n"
        "passdb {\n driver = static\n args = password=sesame\n}\n"
    )
    try:
        with daemon(program, "-F", "-c", str(settings), port=imap, folder=folder):
            yield imap, pop3
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def postgres(folder: Path) -> Iterator[int]:
    program = optional_program("postgres", "postgresql")
    initdb = optional_program("initdb", "postgresql")
    user = NOBODY if os.geteuid() == 0 else None  # root may not run it
    # Nobody may not look into pytest's own folders.
    data = Path("/tmp") / f"postgres-{os.getpid()}-{free_port()}"
    data.mkdir()
    port = free_port()
    try:
        if user is not None:
            os.chown(data, user, user)
        password = data.with_suffix(".password")
        password.write_text("sesame")
        password.chmod(0o644)
        command = [initdb, "-D", str(data), "-A", "scram-sha-256", "-N", f"--pwfile={password}"]
        subprocess.run(
            [*command, "-U", "admin"],
            check=True,
            capture_output=True,
            timeout=120,
            user=user,
        )
        command = [program, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data)]
        with daemon(*command, port=port, folder=data, user=user):
            yield port
    finally:
        shutil.rmtree(data, ignore_errors=True)
        data.with_suffix(".password").unlink(missing_ok=True)


@contextmanager
def mariadb(folder: Path, *options: str) -> Iterator[int]:
    program = optional_program("mariadbd", "mariadb-server-core")
    port = free_port()
    data = folder / "mariadb"
    data.mkdir()
    # Its socket has a name that must be short.
    sock = Path("/tmp") / f"mariadb-{os.getpid()}-{port}"
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    tables = ["mysql_system_tables.sql", "mysql_system_tables_data.sql"]
    statements = "create database mysql;\nuse mysql;\n" + "".join(
        Path("/usr/share/mysql", table).read_text() for table in tables
    )
    subprocess.run(
        [program, "--no-defaults", "--bootstrap", f"--datadir={data}", *as_root],
        input=statements.encode(),
        check=True,
        capture_output=True,
        timeout=240,
    )
    command = [program, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--socket={sock}"]
    command += ["--bind-address=127.0.0.1", "--skip-networking=0", *as_root, *options]
    with daemon(*command, port=port, folder=folder):
        yield port
