"""OCSP as an authority speaks it: answers made on the spot, and a responder on loopback."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from kit.certificates import Authority, Issued

GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def response(
    leaf: Issued,
    issuer: Issued,
    *,
    signer: Issued | None = None,
    status: ocsp.OCSPCertStatus = GOOD,
    begins: timedelta = timedelta(hours=-1),
    ends: timedelta | None = timedelta(days=4),
    algorithm: hashes.HashAlgorithm | None = None,
) -> bytes:
    """What a responder says of a certificate, DER.

    Args:
        leaf: the certificate.
        issuer: who issued it.
        signer: who signs; the issuer if not given, else its certificate goes along.
        status: good, revoked or unknown.
        begins, ends: this update and next update from now; None for no next update.
        algorithm: with which issuer and key are named; SHA-1 if not given.
    """
    now = datetime.now(UTC)
    revoked = now - timedelta(days=1) if status is REVOKED else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=issuer.certificate,
        algorithm=algorithm or hashes.SHA1(),
        cert_status=status,
        this_update=now + begins,
        next_update=now + ends if ends is not None else None,
        revocation_time=revoked,
        revocation_reason=None,
    )
    by = signer or issuer
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
    if signer is not None:
        builder = builder.certificates([signer.certificate])
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


@contextmanager
def responder(answers: Callable[[bytes], bytes]) -> Iterator[str]:
    """An HTTP server on loopback that answers requests; its URL."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answers(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if body else 500)
            self.send_header("Content-Type", "application/ocsp-response")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/ocsp"
        finally:
            server.shutdown()
            thread.join(10)


def openssl_answers(
    openssl: str, authority: Authority, good: Callable[[], list[x509.Certificate]]
) -> Callable[[bytes], bytes]:
    """Let openssl answer, out of an index of certificates that are good, as its own CA keeps it."""

    def answer(request: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "ca.pem").write_bytes(authority.pem)
            (folder / "request").write_bytes(request)
            (folder / "index").write_text(
                "".join(
                    f"V\t{each.not_valid_after_utc:%y%m%d%H%M%SZ}\t\t"
                    f"{each.serial_number:0{2 * ((each.serial_number.bit_length() + 7) // 8)}X}"
                    "\tunknown\t/CN=x\n"
                    for each in good()
                )
            )
            command = [openssl, "ocsp", "-index", "index", "-rsigner", "ca.pem", "-rkey", "ca.pem",
                       "-CA", "ca.pem", "-reqin", "request", "-respout", "response",
                       "-ndays", "2"]  # fmt: skip
            outcome = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=30, check=False
            )
            assert outcome.returncode == 0, outcome.stderr
            return (folder / "response").read_bytes()

    return answer
