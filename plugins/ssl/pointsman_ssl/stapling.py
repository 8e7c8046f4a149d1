"""OCSP stapling: the answer that goes with a certificate, kept fresh beside the traffic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from pointsman.contracts import Outcome
from pointsman_ssl.certificate import fingerprint
from pointsman_ssl.ocsp import Answer, checked, question
from pointsman_ssl.responder import MOST_BYTES, answer_of

# Seconds between two looks at the file, or two attempts at a responder that does not answer well.
AGAIN = 60.0
# A responder is asked anew half-way to the end of its answer, but not more seldom than this.
SELDOM = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """Where answers come from: a file, or else the URL of a responder."""

    file: Path | None = None
    url: str = ""

    def __str__(self) -> str:
        return str(self.file or self.url)

    def fetched(self, leaf: x509.Certificate, issuer: x509.Certificate) -> bytes:
        """The answer as it is now; blocks. Raises OSError or ValueError."""
        if self.file is None:
            return answer_of(self.url, question(leaf, issuer))
        with self.file.open("rb") as file:
            return file.read(MOST_BYTES)


class Stapling:
    """The answer for one certificate (a contracts.Chore).

    Args:
        name: of the certificate, for people.
        leaf: the certificate.
        issuer: who has issued it.
        source: where answers come from.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        name: str,
        leaf: x509.Certificate,
        issuer: x509.Certificate,
        source: AnswerSource,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._leaf = leaf
        self._issuer = issuer
        self._wall = wall
        self._answer: Answer | None = None
        self._begun = self._next = 0.0
        self.source = source
        self.fingerprint = fingerprint(leaf)

    @property
    def response(self) -> bytes:
        """What to staple now, DER; empty if there is nothing that is still good."""
        answer = self._answer
        if answer is None or answer.until.timestamp() <= self._wall():
            return b""
        return answer.der

    def take_over(self, before: Stapling) -> None:
        """Begin with the answer that another one has for the same certificate."""
        if before.fingerprint == self.fingerprint:
            self._answer = before._answer

    # ---- the chore ----

    def due(self, now: float) -> bool:
        """Whether to look for a newer answer now."""
        if now < self._next:
            return False
        self._begun, self._next = now, now + AGAIN
        return True

    def work(self) -> Outcome | None:
        """Fetch an answer, and check it before anybody sees it."""
        now = datetime.fromtimestamp(self._wall(), UTC)
        try:
            der = self.source.fetched(self._leaf, self._issuer)
            answer = checked(der, self._leaf, self._issuer, now)
        except (OSError, ValueError) as error:
            told = getattr(error, "strerror", None) or error
            raise ValueError(
                f"no OCSP response for the certificate {self._name!r} from {self.source}: {told}"
            ) from None
        left = (answer.until - now).total_seconds()

        def outcome() -> str:
            if self.source.file is None:
                self._next = self._begun + max(AGAIN, min(left / 2, SELDOM))
            if self._answer == answer:
                return ""
            self._answer = answer
            return (
                f"the certificate {self._name!r} is shown with an OCSP response "
                f"that is good until {answer.until:%Y-%m-%d %H:%M} UTC"
            )

        return outcome
