"""An error carries its finding, and reads as one line."""

from pointsman_ssl.problems import CertificateError, Finding, Trouble


def test_a_finding_reads_as_one_line() -> None:
    assert str(Finding(Trouble.NO_KEY, "no key", "add it")) == "no key (add it)"
    assert str(Finding(Trouble.NO_KEY, "no key")) == "no key"
    error = CertificateError(Trouble.NO_KEY, "no key", "add it", "key")
    assert str(error) == "no key (add it)"
    assert error.finding == Finding(Trouble.NO_KEY, "no key", "add it", "key")
