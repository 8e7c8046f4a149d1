"""Every proxy that is compared: what it can do, how it is configured, how it is started."""

import os
import subprocess
import sys
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, TypeGuard

from bench.pins import WITHOUT, pins_config
from bench.processes import SECONDS_TO_START, program_path
from bench.real_server import nginx_command
from bench.rival_configs import caddy_config, haproxy_config, nginx_config, pointsman_config
from bench.ruled import rules_files

POINTSMAN = "pointsman"
POINTSMAN_PURE = "pointsman-pure"
PINNED = "pointsman-pins"
RULED = "pointsman-rules"
HAPROXY = "haproxy"
NGINX = "nginx"
CADDY = "caddy"
TWISTED = "twisted.web.proxy"


@dataclass(frozen=True)
class Site:
    """Where one proxy stands in one run: its folder, its ports, and the real servers' ports.

    Its ports are for HTTP, TCP, TLS, and TLS on both sides; and by name for services of HTTP that
    differ in how they pin, or in their rules, the one without them on that for HTTP. The real
    servers have TLS on ports of their own, with the certificate that the proxies show as well.
    """

    folder: Path
    http_port: int
    tcp_port: int
    tls_port: int
    reencrypt_port: int
    servers: tuple[int, int]
    tls_servers: tuple[int, int]
    certificate: Path
    pin_ports: Mapping[str, int] = field(default_factory=dict)
    rule_ports: Mapping[str, int] = field(default_factory=dict)


class Rival(ABC):
    """One proxy under comparison."""

    name: ClassVar[str]
    offers: ClassVar[frozenset[str]] = frozenset({"http", "tcp", "tls", "reencrypt"})
    absence: ClassVar[str] = "is not installed"
    seconds_to_start: ClassVar[float] = SECONDS_TO_START

    @abstractmethod
    def version(self) -> str | None:
        """Tell its version; None where it is not installed."""

    @abstractmethod
    def files(self, site: Site) -> dict[str, str]:
        """Write its configuration: the text of each file in the site's folder, by name."""

    @abstractmethod
    def command(self, site: Site) -> list[str]:
        """Tell the command that starts it in the foreground."""

    def environment(self, site: Site) -> dict[str, str]:
        """Tell what it needs in its environment beside ours."""
        return {}

    def prepare(self, site: Site) -> list[str]:
        """Lay out its files and return the command that starts it."""
        for name, text in self.files(site).items():
            (site.folder / name).write_text(text)
        return self.command(site)


class Pointsman(Rival):
    """Ourselves, in the standard configuration: pins, health checks, access log."""

    name = POINTSMAN

    def version(self) -> str | None:
        return last_line_after(", version ", said_by(site_script(), "--version"))

    def files(self, site: Site) -> dict[str, str]:
        return {"pointsman.yaml": pointsman_config(site)}

    def command(self, site: Site) -> list[str]:
        return [site_script(), "run", str(site.folder / "pointsman.yaml")]


class PinnedPointsman(Pointsman):
    """Ourselves with a service for each kind of pins, and one without."""

    name = PINNED
    offers = frozenset({"pins"})

    def files(self, site: Site) -> dict[str, str]:
        ports = {**site.pin_ports, WITHOUT: site.http_port}
        return {"pointsman.yaml": pins_config(site.folder, site.servers, ports)}


class RuledPointsman(Pointsman):
    """Ourselves with a service for each kind of rules, and one without."""

    name = RULED
    offers = frozenset({"rules"})

    def files(self, site: Site) -> dict[str, str]:
        ports = {**site.rule_ports, WITHOUT: site.http_port}
        return rules_files(site.folder, site.servers, ports)


class PurePointsman(Pointsman):
    """Ourselves with the same interpreter, but as the sources of the checkout: nothing compiled."""

    name = POINTSMAN_PURE
    absence = "would be the same as pointsman, which is not compiled here"

    def version(self) -> str | None:
        installed = super().version()
        return installed.replace("compiled", "pure Python") if is_compiled(installed) else None

    def command(self, site: Site) -> list[str]:
        return [sys.executable, "-m", "pointsman", "run", str(site.folder / "pointsman.yaml")]

    def environment(self, site: Site) -> dict[str, str]:
        return {"PYTHONPATH": os.pathsep.join(source_roots())}


class ProfiledPointsman(PurePointsman):
    """Ourselves under cProfile, which writes `pointsman.prof` when we end.

    Of compiled functions a profiler of Python sees nothing.
    """

    def command(self, site: Site) -> list[str]:
        out = str(site.folder / "pointsman.prof")
        python, *arguments = super().command(site)
        return [python, "-m", "cProfile", "-o", out, *arguments]


class HAProxy(Rival):
    """HAProxy with one thread: the measure of all others."""

    name = HAPROXY

    def version(self) -> str | None:
        return first_word_with_digits(said_by("haproxy", "-v"))

    def files(self, site: Site) -> dict[str, str]:
        return {"haproxy.cfg": haproxy_config(site)}

    def command(self, site: Site) -> list[str]:
        return [program("haproxy") or "haproxy", "-db", "-f", str(site.folder / "haproxy.cfg")]


class Nginx(Rival):
    """nginx with one worker. Debian's nginx-light has no stream module, so HTTP only."""

    name = NGINX
    offers = frozenset({"http", "tls", "reencrypt"})

    def version(self) -> str | None:
        return first_word_with_digits(said_by("nginx", "-v").replace("/", " "))

    def files(self, site: Site) -> dict[str, str]:
        return {"nginx.conf": nginx_config(site)}

    def command(self, site: Site) -> list[str]:
        return nginx_command(program("nginx") or "nginx", site.folder)


class Caddy(Rival):
    """Caddy with as many threads of Go as the others have: one."""

    name = CADDY
    offers = frozenset({"http"})

    def version(self) -> str | None:
        return first_word_with_digits(said_by("caddy", "version"))

    def files(self, site: Site) -> dict[str, str]:
        return {"Caddyfile": caddy_config(site)}

    def command(self, site: Site) -> list[str]:
        caddyfile = str(site.folder / "Caddyfile")
        return [
            *(program("caddy") or "caddy", "run", "--adapter", "caddyfile", "--config", caddyfile),
        ]

    def environment(self, site: Site) -> dict[str, str]:
        # Caddy keeps what it was last told in its home, which shall be gone with all the rest.
        homes = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
        return {"GOMAXPROCS": "1", **dict.fromkeys(homes, str(site.folder))}


class TwistedWebProxy(Rival):
    """The reverse proxy in Twisted's own box; it knows one real server and no pins or checks."""

    name = TWISTED
    offers = frozenset({"http"})

    def version(self) -> str | None:
        return version("twisted") if find_spec("twisted") else None

    def files(self, site: Site) -> dict[str, str]:
        return {}

    def command(self, site: Site) -> list[str]:
        script = "bench.twisted_web_proxy"
        return [sys.executable, "-m", script, str(site.http_port), str(site.servers[0])]

    def environment(self, site: Site) -> dict[str, str]:
        # It runs in a folder of its own, and must find `bench` from there.
        return {"PYTHONPATH": str(Path(__file__).parents[1])}


RIVALS: Mapping[str, Rival] = {
    rival.name: rival
    for rival in (
        Pointsman(),
        PurePointsman(),
        PinnedPointsman(),
        RuledPointsman(),
        HAProxy(),
        Nginx(),
        Caddy(),
        TwistedWebProxy(),
    )
}


def is_compiled(version: str | None) -> TypeGuard[str]:
    """Tell from what pointsman says of its version whether its hot modules are compiled."""
    return version is not None and "(compiled)" in version


def source_roots() -> list[str]:
    """List the folders of the checkout that hold our packages."""
    checkout = Path(__file__).parents[1]
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    return [str(checkout / root) for root in project["tool"]["hatch"]["build"]["dev-mode-dirs"]]


def program(name: str) -> str | None:
    """Find a program by name or path."""
    return program_path(name)


def site_script() -> str:
    """Tell where this interpreter's environment keeps the command `pointsman`."""
    return str(Path(sys.executable).parent / "pointsman")


def said_by(name: str, *arguments: str) -> str:
    """Return what a program prints on either stream; nothing where it is not installed."""
    path = program(name)
    if path is None:
        return ""
    outcome = subprocess.run(
        [path, *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "HOME": os.devnull},
    )
    return outcome.stdout + outcome.stderr


def last_line_after(mark: str, text: str) -> str | None:
    """Return what follows a mark in the last line of a text; None where it is not there.

    >>> last_line_after(", version ", "pointsman, version 0.1.0 (compiled)\\n")
    '0.1.0 (compiled)'
    """
    lines = text.splitlines()
    return lines[-1].partition(mark)[2] or None if lines else None


def first_word_with_digits(text: str) -> str | None:
    """Pick the version out of a line such as `HAProxy version 2.6.12-1+deb12u4 2026/10/17`."""
    return next((word for word in text.split() if word[:1].isdigit()), None)
