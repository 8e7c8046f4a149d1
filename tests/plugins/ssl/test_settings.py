"""What a certificate is made from is written in one way, not in two at once."""

import pytest
from pydantic import ValidationError

from pointsman.contracts import Secret
from pointsman_ssl.settings import CertificateSettings, IntermediateSettings


def test_files_in_their_order() -> None:
    read = CertificateSettings.model_validate
    assert read({"pfx": "a.pfx", "password": {"env": "PW"}}).password == Secret(env="PW")
    assert read({"pfx": "a.pfx"}).paths == ("a.pfx",)
    assert read({"pem": "a.pem", "key": "a.key"}).paths == ("a.pem",)
    assert read({"pem": ["a.pem", "b.pem"]}).paths == ("a.pem", "b.pem")
    assert read({"file": "any"}).paths == ("any",)
    assert IntermediateSettings.model_validate({"file": "root.cer"}).file == "root.cer"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({}, "expected one of pfx, pem and file, got none of them"),
        ({"key": "a"}, "expected one of pfx, pem and file, got none of them"),
        ({"pfx": "a", "pem": "b"}, "expected one of pfx, pem and file, got pfx and pem"),
        ({"pem": []}, "at least 1"),
        ({"pfx": ""}, "at least 1 character"),
        ({"pfx": "a", "password": "hunter2"}, "a secret is never written here"),
        ({"pfx": "a", "ocsp": {}}, "expected one of file and responder"),
        ({"pfx": "a", "ocsp": {"file": "b", "responder": "auto"}}, "one of file and responder"),
        ({"pfx": "a", "ocsp": {"responder": "https://a.example"}}, "expected `auto` or a URL"),
    ],
)
def test_what_is_not_one_source(written: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        CertificateSettings.model_validate(written)
