"""What all upstream connections of one virtual service share."""

from __future__ import annotations

from pointsman.core.deadlines import Deadlines
from pointsman.core.http1.field_lines import FieldLines
from pointsman.model.service import Limits, Timeouts
from pointsman.net.dial import Dialler
from pointsman.net.idle import IdleConnections
from pointsman.net.tls_dial import TlsDialler


class UpstreamSupplies:
    """What all upstream connections of one virtual service share; ``tls`` if they speak TLS."""

    __slots__ = ("deadlines", "dialler", "idle", "limits", "lines", "timeouts", "tls")

    def __init__(
        self,
        dialler: Dialler,
        deadlines: Deadlines,
        idle: IdleConnections,
        lines: FieldLines,
        timeouts: Timeouts,
        limits: Limits,
        tls: TlsDialler | None = None,
    ) -> None:
        self.dialler = dialler
        self.deadlines = deadlines
        self.idle = idle
        self.lines = lines
        self.timeouts = timeouts
        self.limits = limits
        self.tls = tls
