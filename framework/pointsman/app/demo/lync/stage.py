"""The programs of the site, each a process of its own: two front ends and the balancer."""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path
from random import Random
from typing import Self

from pointsman.app.demo.lync.balancer import Balancer
from pointsman.app.demo.lync.clients import Crowd, MobileClient, trusting
from pointsman.app.demo.lync.front_end import WITH_COOKIE, WITHOUT_COOKIE
from pointsman.app.demo.lync.lab import PASSWORD, ROOT, Lab
from pointsman.app.demo.lync.log_file import PATIENCE
from pointsman.app.demo.lync.places import (
    EXT_HTTPS_PORT,
    POOL_HTTP_PORT,
    POOL_HTTPS_PORT,
    Places,
    free_places,
)
from pointsman.app.demo.lync.site import PASSWORD_VARIABLE, LyncSite
from pointsman.app.demo.tethered import Tethered

_FRONT_END = "pointsman.app.demo.lync.front_end"


class StageError(Exception):
    """A program of the site did not start."""


class Stage:
    """Front ends that listen, and a balancer that can be started.

    Args:
        folder: for all files; it exists.
        places: where everything stands.
        site: its configuration, changed as it goes along.

    Attributes:
        lab: made its certificates.
        front_ends: by name.
        balancer: not started yet.
    """

    def __init__(self, folder: Path, places: Places, site: LyncSite) -> None:
        self.folder = folder
        self.places = places
        self.site = site
        self.lab = Lab(folder)
        self.lab.make(dict(places.front_ends))
        self.front_ends: dict[str, Tethered] = {}
        self.balancer = Balancer(folder, {**os.environ, PASSWORD_VARIABLE: PASSWORD})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start_front_ends(self, *names: str, pem: str = "") -> None:
        """Start front ends, all if none is named, and wait until they listen.

        Args:
            names: which.
            pem: file with the certificate that they show, instead of their own.

        Raises:
            StageError: one does not; those that do go on.
        """
        names = names or tuple(self.places.front_ends)
        for name in names:
            self.front_ends[name] = self._front_end(name, pem or f"{name}.pem")
        for name in names:
            if "listens" not in self.front_ends[name].line():
                self.front_ends[name].end()
                host = self.places.front_ends[name]
                raise StageError(f"the front end {name} did not start on {host}")

    def _front_end(self, name: str, pem: str) -> Tethered:
        command = [sys.executable, "-m", _FRONT_END, name, "--pem", pem]
        command += ["--host", self.places.front_ends[name]]
        for port in self.places.clear:
            command += ["--clear", str(port)]
        for port in self.places.secure:
            command += ["--secure", str(port)]
        return Tethered(command, self.folder, log=self.folder / f"{name}.log")

    def cookies(self, *, given: bool) -> None:
        """Have the front ends give a cookie with each session from now on, or not."""
        for front_end in self.front_ends.values():
            front_end.tell(WITH_COOKIE if given else WITHOUT_COOKIE)

    # ---- the balancer ----

    def start_balancer(self) -> None:
        """Start it with the configuration as it stands, and wait until it listens."""
        self.balancer.write(self.site.text)
        self.balancer.start(self.site.document["virtual_services"])

    def change(self) -> tuple[str, ...]:
        """Have the balancer read the configuration as it stands: what that changed."""
        return self.balancer.change(self.site.text)

    # ---- clients ----

    def ask_http(self, path: str) -> int:
        """Status of an answer of the web pool in the clear, 0 if there is none."""
        port = self.places.port(POOL_HTTP_PORT)
        connection = http.client.HTTPConnection(self.places.pool, port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    @property
    def pool_https(self) -> tuple[str, int]:
        """Where clients of the web pool arrive."""
        return self.places.pool, self.places.port(POOL_HTTPS_PORT)

    @property
    def ext_https(self) -> tuple[str, int]:
        """Where clients of the reverse proxy arrive."""
        return self.places.ext, self.places.port(EXT_HTTPS_PORT)

    def crowd(self, size: int) -> Crowd:
        """Mobile clients with an address each, that believe the lab's root."""
        tls = trusting(self.folder / ROOT)
        sources = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(size)]
        return Crowd([MobileClient(self.pool_https, source, tls) for source in sources])

    def end(self) -> None:
        """End all of it."""
        self.balancer.end()
        for front_end in self.front_ends.values():
            front_end.end()


def staged(folder: Path, random: Random, *, private: bool = False, quick: bool = True) -> Stage:
    """A stage whose front ends listen, on the best places that are free.

    Args:
        folder: for all files; it exists.
        random: for networks of our own.
        private: only there.
        quick: shorter health checks and drain time.

    Raises:
        StageError: no places can be had.
    """
    why = "no addresses on loopback are free"
    for places in free_places(random, private=private):
        stage = Stage(folder, places, LyncSite(places, quick=quick))
        try:
            stage.start_front_ends()
        except StageError as error:
            stage.end()
            why = str(error)
        except BaseException:
            stage.end()
            raise
        else:
            return stage
    raise StageError(why)
