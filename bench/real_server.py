"""The real server behind every proxy: one nginx worker on two ports, and on two more with TLS."""

import os
from pathlib import Path

from bench.failure import BenchError
from bench.processes import program_path

SMALL = "x" * 99 + "\n"  # 100 bytes
MIB = 2**20

CONFIG = """\
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile {files};
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    # By default nginx closes a connection after 1000 requests, which would charge each proxy
    # for reconnecting.
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    open_file_cache max=100;
{temp_paths}
    server {{
        listen 127.0.0.1:{first} backlog=4096;
        listen 127.0.0.1:{second} backlog=4096;
        listen 127.0.0.1:{tls_first} ssl backlog=4096;
        listen 127.0.0.1:{tls_second} ssl backlog=4096;
        ssl_certificate {pem};
        ssl_certificate_key {pem};
        root {folder}/files;
        default_type application/octet-stream;
        location /post {{ return 200 "taken\\n"; }}
    }}
}}
"""


def user_line() -> str:
    """As root, nginx would drop to a user who may not read our temporary folder."""
    return "user root;\n" if os.geteuid() == 0 else ""


def temp_paths(folder: Path) -> str:
    """Keep every file that nginx writes within the temporary folder."""
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    return "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)


def config(
    folder: Path, ports: tuple[int, int], tls_ports: tuple[int, int], certificate: Path
) -> str:
    """Write nginx's configuration for the real servers."""
    return CONFIG.format(
        user=user_line(),
        folder=folder,
        first=ports[0],
        second=ports[1],
        tls_first=tls_ports[0],
        tls_second=tls_ports[1],
        pem=certificate,
        temp_paths=temp_paths(folder),
        files=16384,
    )


def prepare(
    folder: Path, ports: tuple[int, int], tls_ports: tuple[int, int], certificate: Path
) -> list[str]:
    """Lay out the files to be served and return the command that serves them.

    Raises:
        BenchError: nginx is not installed.
    """
    nginx = program_path("nginx")
    if nginx is None:
        raise BenchError(
            "nginx, which plays the real servers, is missing; "
            "on Debian: apt-get install nginx-light"
        )
    files = folder / "files"
    files.mkdir()
    (files / "index.html").write_text(SMALL)
    (files / "small").write_text(SMALL)
    (files / "1MiB").write_bytes(b"x" * MIB)
    (folder / "nginx.conf").write_text(config(folder, ports, tls_ports, certificate))
    return nginx_command(nginx, folder)


def nginx_command(nginx: str, folder: Path) -> list[str]:
    """Tell the command that starts nginx within a folder that holds its configuration."""
    return [nginx, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
