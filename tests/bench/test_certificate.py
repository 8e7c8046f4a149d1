"""The certificate of a run."""

import ssl
import stat
from pathlib import Path

from bench.certificate import NAME, write_certificate
from cryptography import x509


def test_it_is_a_usable_pair_that_nobody_else_may_read(tmp_path: Path) -> None:
    path = write_certificate(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
