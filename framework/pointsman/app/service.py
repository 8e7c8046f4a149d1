"""Embedding: pointsman as a Twisted service inside another application, on its reactor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed

from pointsman.app.assembly import RunningSite
from pointsman.app.control.listening import ControlSocket
from pointsman.app.control.verbs import Verbs
from pointsman.app.loading import Config, configuration_of, registry_with, site_of
from pointsman.app.metrics import ServiceCounts
from pointsman.app.operating import Operating
from pointsman.app.reload import Reloading
from pointsman.config.load import Configuration
from pointsman.config.registry import Registry
from pointsman.model.errors import Problem
from pointsman.net.local import LocalServer


def service(
    config: Config,
    reactor: Any,
    plugins: Sequence[object] = (),
    local_servers: Mapping[str, object] | None = None,
    control: str | Path | None = None,
) -> PointsmanService:
    """Make a service that balances as ``config`` says, to be started by its host.

    It takes no signals, keeps nothing global and uses the host's reactor as it is, so several can
    stand side by side.

    Args:
        config: path of a file; a mapping with the same keys; or a loaded ``Configuration``.
        reactor: the host's. It must offer IReactorFDSet (epoll, poll, select, asyncio and kqueue
            do) and IReactorTime.
        plugins: objects with hooks, or names of modules, beside what is installed.
        local_servers: real servers inside the host, by the key that ``local:`` names in the
            configuration: an IProtocolFactory or an IResource each.
        control: path of the socket by which commands reach it, whatever ``control`` says in the
            configuration.

    Raises:
        ConfigError: the configuration cannot be used; carries every problem that was found.
        PluginError: one of ``plugins`` is no good.
        TypeError: one of ``local_servers`` is neither a factory nor a resource.
    """
    local = {key: LocalServer(source) for key, source in (local_servers or {}).items()}
    registry = registry_with(plugins)
    place = None if control is None else Path(control).absolute()
    configuration = configuration_of(config, registry)
    return PointsmanService(configuration, registry, reactor, local, config, place)


class PointsmanService(Service):
    """pointsman as a Twisted service (IService). It can be started again after it stopped.

    Attributes:
        reloading: puts another configuration in the place of the one that is in force.
        operating: what an operator can see and do while it runs.
    """

    def __init__(
        self,
        configuration: Configuration,
        registry: Registry,
        reactor: Any,
        local: Mapping[str, LocalServer],
        source: Config | None = None,
        control: Path | None = None,
    ) -> None:
        source = configuration if source is None else source
        self.reloading = Reloading(registry, reactor, local, configuration, source)
        self.operating = Operating(reactor, self.reloading)
        self._control = ControlSocket(reactor, Verbs(self.operating).answer, control)
        self.reloading.control = self._control
        self._registry = registry
        self._reactor = reactor
        self._local = local
        self._running: RunningSite | None = None
        # Made now, so that whoever makes the service hears of what is wrong, and not who starts it.
        self._ready: RunningSite | None = self._made()

    def _made(self) -> RunningSite:
        site = site_of(self.configuration, self._registry, self._reactor, self._local)
        return RunningSite(site, self._registry, self._reactor, self._local)

    @property
    def configuration(self) -> Configuration:
        """The one that is in force."""
        return self.reloading.configuration

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What in its configuration may be used but is hardly meant."""
        made = self._running or self._ready
        return (*self.configuration.warnings, *(made.site.warnings if made is not None else ()))

    @property
    def ports(self) -> Mapping[str, tuple[int, ...]]:
        """Service name -> the real port of each of its addresses; empty while not listening."""
        return self._running.ports if self._running is not None else {}

    @property
    def counts(self) -> Mapping[str, ServiceCounts]:
        """Service name -> what it has done since the start; empty while it is not started."""
        running = self._running
        return {} if running is None else {
            each.service.name: each.counts for each in running.services
        }  # fmt: skip

    @property
    def site(self) -> RunningSite | None:
        """What is at work now, None while it is not started."""
        return self._running

    def privilegedStartService(self) -> None:
        """Bind all addresses while the host may still use ports below 1024.

        Raises:
            ListenError: an address or the control socket cannot be had; nothing is left open.
            AccessLogError: the access log cannot be opened; likewise.
            StateDirError: the folder for what is kept cannot be used; likewise.
            TableError: a table of pins cannot be opened; likewise.
        """
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        self._listen()

    def startService(self) -> None:
        """Bind all addresses unless that was done, and let traffic in.

        Raises:
            ListenError: an address or the control socket cannot be had; nothing is left open.
            AccessLogError: the access log cannot be opened; likewise.
            StateDirError: the folder for what is kept cannot be used; likewise.
            TableError: a table of pins cannot be opened; likewise.
        """
        if self._running is None:
            self._listen()
        super().startService()  # type: ignore[no-untyped-call]
        assert self._running is not None
        self._running.begin()

    def stopService(self) -> Deferred[None]:
        """Accept no more, drain, end what is left, close everything.

        Returns:
            Fires when nothing of it is left in the reactor, after ``timeouts.drain`` at most.
        """
        super().stopService()  # type: ignore[no-untyped-call]
        running = self._running
        if running is None:
            return succeed(None)
        self.reloading.end()
        return running.stop().addCallback(lambda _: self._forget())

    @property
    def control(self) -> Path | None:
        """The socket by which commands reach it now, None if none does."""
        return self._control.place

    def stop_now(self) -> None:
        """While it is stopping: cut what is still open."""
        if self._running is not None:
            self._running.stop_now()

    def reopen_logs(self) -> None:
        """Open the files of the access log anew, after they were moved away."""
        if self._running is not None:
            self._running.reopen_logs()

    def _listen(self) -> None:
        running = self._ready or self._made()
        self._ready = running
        # First: who starts a second one by mistake shall hear just that.
        move = self._control.move(self.configuration)
        try:
            running.listen()
        except BaseException:
            move.give_up()
            raise
        self._ready = None
        self.reloading.site = self._running = running
        move.carry_out()
        self.reloading.begin(running.site.state_dir)

    def _forget(self) -> None:
        self._control.close()
        self.operating.stop()
        self.reloading.site = self._running = None
