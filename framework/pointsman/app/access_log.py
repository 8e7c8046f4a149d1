"""The access log: one record for each exchange or tunnel, written in batches."""

from __future__ import annotations

from typing import Protocol

from twisted.logger import Logger

from pointsman.app.access_log_formats import CombinedFormat, JsonFormat
from pointsman.app.access_log_sinks import DescriptorSink, FileSink, SyslogSink
from pointsman.app.redaction import Redaction
from pointsman.config.schema import AccessLogSection, Destination
from pointsman.model.errors import PointsmanError
from pointsman.model.record import ExchangeRecord

# Records that are gathered until they are written, if the tick does not come first. They are
# formatted in one go, too, while the code for it is in the processor's caches.
BATCH = 256

_STDOUT, _STDERR = 1, 2


class AccessLogError(PointsmanError):
    """The access log cannot be written where it should be; says where and why."""


class Format(Protocol):
    """How a record is written."""

    def line(self, record: ExchangeRecord) -> str:
        """The record in printable ASCII on one line, its end included."""


class Sink(Protocol):
    """Where lines go. Nothing here may block or raise but ``open``."""

    def open(self) -> None:
        """Get ready. Raises OSError; nothing is left open then."""

    def write(self, lines: list[str]) -> int:
        """Write whole lines; how many were lost by now."""

    def reopen(self) -> None:
        """Open what was moved away anew."""

    def close(self) -> None:
        """Write what waits if that can be done at once, and let go."""

    @property
    def trouble(self) -> str:
        """Why lines are being lost, "" while all is well."""


class AccessLog:
    """Formats records, gathers them and hands them to a sink.

    A sink in trouble costs lines and never traffic: it is said once when it begins and once when
    it is over.

    Args:
        format: how a record is written.
        sink: where it goes.
        where: the same for people.

    Attributes:
        written: records that were handed to the sink.
        lost: records that it could not write.
    """

    log = Logger()

    def __init__(self, format: Format, sink: Sink, where: str = "") -> None:
        self._line = format.line
        self._where = where
        self._sink = sink
        self._records: list[ExchangeRecord] = []
        self._told = ""
        self._lost_before = 0
        self.written = 0
        self.lost = 0

    @classmethod
    def of(cls, section: AccessLogSection) -> AccessLog:
        """The access log that a configuration describes, not yet open."""
        redaction = Redaction(section.redact_query, section.redact_cookies)
        made = JsonFormat if section.format == "json" else CombinedFormat
        format: Format = made(redaction, section.headers)
        return cls(format, sink_to(section.to), section.to.target or section.to.kind)

    def open(self) -> None:
        """Open the sink.

        Raises:
            AccessLogError: it cannot be opened; nothing is left open.
        """
        try:
            self._sink.open()
        except OSError as error:
            reason = error.strerror or str(error)
            raise AccessLogError(
                f"cannot write the access log to {self._where}: {reason}"
            ) from error

    def finished(self, record: ExchangeRecord) -> None:
        """An exchange or tunnel is over (hot)."""
        records = self._records
        records.append(record)
        if len(records) >= BATCH:
            self.flush()

    def flush(self, now: float = 0.0) -> None:
        """Hand what was gathered to the sink, which also gets another try at what waits there."""
        records, self._records = self._records, []
        try:
            lines = list(map(self._line, records))
        except Exception:  # a fault of ours must not end the exchange that is just over
            self.log.failure("access log: {count} records are lost", count=len(records))
            return
        self.written += len(records)
        self.lost = self._sink.write(lines)
        trouble = self._sink.trouble
        if trouble and not self._told:
            self.log.error("access log: records are being lost: {trouble}", trouble=trouble)
        elif self._told and not trouble:
            lost, self._lost_before = self.lost - self._lost_before, self.lost
            self.log.warn("access log: written again; records lost: {lost}", lost=lost)
        self._told = trouble

    def reopen(self) -> None:
        """Write what was gathered to the old file, then open it anew under its name."""
        self.flush()
        self._sink.reopen()

    def close(self) -> None:
        """Write what was gathered and close the sink."""
        self.flush()
        self._sink.close()


def sink_to(destination: Destination) -> Sink:
    """The sink for a destination of the configuration, not yet open.

    Raises:
        ValueError: a syslog address that is neither a path nor host:port.
    """
    if destination.kind == "file":
        return FileSink(destination.target)
    if destination.kind == "syslog":
        return SyslogSink(destination.target)
    return DescriptorSink(_STDOUT if destination.kind == "stdout" else _STDERR)
