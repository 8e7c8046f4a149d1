"""One certificate of the configuration: what it is made from, now and when its files change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography import x509

from pointsman_ssl.certificate import called, ocsp_urls
from pointsman_ssl.identity import Identity
from pointsman_ssl.opening import Opened, Read, opened
from pointsman_ssl.problems import CertificateError, Trouble
from pointsman_ssl.settings import AUTO
from pointsman_ssl.source import Source
from pointsman_ssl.stapling import AnswerSource, Stapling


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate as the configuration wants it.

    Attributes:
        name: its name there.
        source: its files.
        answers: where its OCSP responses come from, None if it is shown without; the URL may be
            AUTO, for the one that the certificate names.
        intermediates: what its chain may be built from, beside what is in its files.
        roots: subjects of roots that clients are known to have.
    """

    name: str
    source: Source
    answers: AnswerSource | None = None
    intermediates: Sequence[x509.Certificate] = ()
    roots: Collection[x509.Name] = ()

    def made(self, read: Read, now: datetime) -> Opened:
        """The certificate that its files hold, ready to be shown.

        Raises:
            CertificateError: it cannot be used.
        """
        made = opened(self.name, read, self.intermediates, now, self.roots)
        if self.answers is None:
            return made
        stapling = _stapling(made.identity, self.answers)
        return Opened(replace(made.identity, stapling=stapling), made.findings)

    def again(self) -> Opened:
        """The same, of what the files hold by now.

        Raises:
            CertificateError: it cannot be read, or not be used.
            ValueError: its password cannot be had.
        """
        return self.made(self.source.read(self.source.secret()), datetime.now(UTC))


def _stapling(identity: Identity, answers: AnswerSource) -> Stapling:
    leaf = identity.leaf
    if identity.issuer is None:
        raise CertificateError(
            Trouble.MISSING_ISSUER,
            f"an OCSP response is signed by the issuer of {called(leaf)}, which is missing here",
            "add the certificate of the issuer to the file, or under `intermediates`",
            "ocsp",
        )
    if answers.url == AUTO:
        urls = [url for url in ocsp_urls(leaf) if url.startswith("http:")]
        if not urls:
            raise CertificateError(
                Trouble.NO_RESPONDER,
                f"{called(leaf)} names no OCSP responder",
                "give its URL, if its authority has one, or remove `ocsp`",
                "ocsp",
            )
        answers = AnswerSource(url=urls[0])
    return Stapling(identity.name, leaf, identity.issuer, answers)
