"""Certificates of clients: whether one is demanded, whom to believe, and what servers are told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from pydantic import Field, model_validator

from pointsman.contracts import Misfit, Settings
from pointsman_ssl.certificate import fingerprint
from pointsman_ssl.verifying import noting_verify, revoking_verify, trust

Told = Literal["subject", "issuer", "serial", "fingerprint", "certificate"]
_ALL: tuple[Told, ...] = ("subject", "issuer", "serial", "fingerprint", "certificate")
_MODES = {
    "optional": SSL.VERIFY_PEER,
    "required": SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
}


class ClientCertificateSettings(Settings):
    """Whether clients show certificates."""

    mode: Literal["none", "optional", "required"] = Field(
        default="none", description="whether a client is asked for one, and may go without"
    )
    authorities: str | None = Field(
        default=None,
        description="a name under `intermediates`: whose certificates are believed",
        examples=["company"],
    )
    revocation_list: str | None = Field(
        default=None,
        description="a file with one or more lists (CRL), PEM or DER",
        examples=["certs/company.crl"],
    )
    forward: tuple[Told, ...] = Field(
        default=("subject", "issuer", "serial", "fingerprint"),
        description="what servers are told, in X-SSL-Client-* header fields",
        examples=[["subject", "certificate"]],
    )

    @model_validator(mode="after")
    def _has_authorities(self) -> ClientCertificateSettings:
        if self.mode != "none" and self.authorities is None:
            raise ValueError("authorities is required: whose certificates shall be believed?")
        return self


class ClientCertificates:
    """The demand for certificates, ready for contexts.

    Args:
        settings: what is demanded.
        authorities: what stands under ``intermediates``.
        folder: where a relative path of the revocation list begins.

    Raises:
        Misfit: the authorities or the revocation list are not there.
    """

    def __init__(
        self,
        settings: ClientCertificateSettings,
        authorities: Mapping[str, tuple[x509.Certificate, ...]],
        folder: Path = Path(),
    ) -> None:
        self.mode = settings.mode
        self._forward = settings.forward if settings.mode != "none" else ()
        self._authorities: tuple[x509.Certificate, ...] = ()
        self._lists: tuple[x509.CertificateRevocationList, ...] = ()
        if settings.mode == "none" or settings.authorities is None:
            return
        found = authorities.get(settings.authorities)
        if found is None:
            known = ", ".join(authorities) or "none"
            message = f"there is no {settings.authorities!r} under `intermediates`"
            raise Misfit(message, f"there: {known}", ("authorities",))
        self._authorities = found
        if settings.revocation_list is not None:
            self._lists = _lists_in(folder / settings.revocation_list)

    def __eq__(self, other: object) -> bool:
        """Whether the same is demanded, and the same believed."""
        return isinstance(other, ClientCertificates) and self._all() == other._all()

    def _all(self) -> tuple[object, ...]:
        return self.mode, self._forward, self._authorities, self._lists

    @property
    def fields(self) -> tuple[bytes, ...]:
        """Names of the fields that only we may set, whatever is told; none without the demand."""
        if self.mode == "none":
            return ()
        return (b"x-ssl-client-verify", *(_field(told).lower() for told in _ALL))

    def demand(self, context: SSL.Context) -> None:
        """Let a server's context ask for a certificate, and judge it."""
        if self.mode == "none":
            return
        trust(context, self._authorities, self._lists)
        for authority in self._authorities:
            context.add_client_ca(authority)
        verify = revoking_verify(self._lists) if self._lists else noting_verify
        context.set_verify(_MODES[self.mode], verify)

    def lines(self, connection: Any) -> bytes:
        """What servers are told about the client of this connection, as ready field lines."""
        if self.mode == "none":
            return b""
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return b"X-SSL-Client-Verify: NONE\r\n"
        lines = [b"X-SSL-Client-Verify: SUCCESS\r\n"]
        for told in self._forward:
            lines.append(b"%b: %b\r\n" % (_field(told), _value(told, certificate)))
        return b"".join(lines)

    def shown(self, connection: Any) -> bytes:
        """SHA-256 fingerprint of the certificate that the client showed, b"" for none."""
        if self.mode == "none":
            return b""
        certificate = connection.get_peer_certificate(as_cryptography=True)
        return bytes.fromhex(fingerprint(certificate)) if certificate is not None else b""


def _field(told: Told) -> bytes:
    return b"X-SSL-Client-%b" % told.capitalize().encode("ascii")


def _value(told: Told, certificate: x509.Certificate) -> bytes:
    if told == "subject":
        return _one_line(certificate.subject.rfc4514_string())
    if told == "issuer":
        return _one_line(certificate.issuer.rfc4514_string())
    if told == "serial":
        return b"%X" % certificate.serial_number
    if told == "fingerprint":
        return fingerprint(certificate).encode("ascii")
    # As nginx sends it in $ssl_client_escaped_cert.
    return quote(certificate.public_bytes(Encoding.PEM)).encode("ascii")


def _one_line(text: str) -> bytes:
    """Whatever an authority was made to sign: it cannot end the field."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).encode("utf-8")


def _lists_in(path: Path) -> tuple[x509.CertificateRevocationList, ...]:
    at = ("revocation_list",)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Misfit(f"cannot read {path}: {error.strerror}", at=at) from None
    end = b"-----END X509 CRL-----"
    try:
        if end not in data:
            return (x509.load_der_x509_crl(data),)
        return tuple(x509.load_pem_x509_crl(part + end) for part in data.split(end)[:-1])
    except ValueError:
        raise Misfit(f"{path} holds no revocation list", "PEM or DER", at) from None
