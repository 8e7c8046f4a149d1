"""``twistd pointsman --config FILE``: pointsman as a program of Twisted's own runner."""

from __future__ import annotations

from typing import ClassVar

from twisted.application.service import IService, IServiceMaker
from twisted.plugin import IPlugin
from twisted.python import usage
from zope.interface import implementer


class Options(usage.Options):
    """What can be given on the command line."""

    optParameters: ClassVar[list[list[str | None]]] = [
        ["config", "c", None, "The configuration file."]
    ]

    def postOptions(self) -> None:
        """A configuration is needed."""
        if not self["config"]:
            raise usage.UsageError("--config FILE is needed")


@implementer(IPlugin, IServiceMaker)
class Maker:
    """Makes the service for twistd, which has installed its reactor by then."""

    tapname = "pointsman"
    description = "A load balancer and reverse proxy in which every decision is a plugin."
    options = Options

    def makeService(self, options: Options) -> IService:
        """The service, not yet started.

        Raises:
            UsageError: the configuration has errors; says all of them.
        """
        from twisted.internet import reactor

        from pointsman.app.service import service
        from pointsman.model.errors import ConfigError

        try:
            made: IService = service(options["config"], reactor)
        except ConfigError as error:
            raise usage.UsageError(f"the configuration has errors:\n{error}") from None
        return made


maker = Maker()
