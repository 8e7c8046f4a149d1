"""The doctor names what is unwell, and says nothing of what is well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.certificates import Authority, Issued, self_signed
from pointsman_ssl.chain import chain_of
from pointsman_ssl.doctor import examined
from pointsman_ssl.problems import Finding, Trouble
from pointsman_ssl.reading import contents

NOW = datetime.now(UTC)
DATA = Path(__file__).parents[2] / "data"
ROOT = Authority.root()
MIDDLE = ROOT.intermediate()
STALE = ROOT.intermediate("Stale", days=(-30, -1))
AIA = "http://ca.example/middle.cer"


def findings(leaf: Issued, *others: Issued) -> tuple[Finding, ...]:
    beside = [one.certificate for one in others]
    return examined(leaf.certificate, chain_of(leaf.certificate, beside, NOW), beside, NOW)


def test_a_well_one() -> None:
    assert findings(MIDDLE.leaf("a.example"), MIDDLE, ROOT) == ()
    assert findings(MIDDLE.leaf("127.0.0.1"), MIDDLE, ROOT) == ()


@pytest.mark.parametrize(
    ("leaf", "others", "trouble", "told"),
    [
        (MIDDLE.leaf("a.example", days=(-9, -1)), (MIDDLE, ROOT), Trouble.EXPIRED, "has expired"),
        (
            MIDDLE.leaf("a.example", days=(1, 9)),
            (MIDDLE, ROOT),
            Trouble.NOT_YET_VALID,
            "is not valid before",
        ),
        (
            MIDDLE.leaf("a.example", days=(-60, 3)),
            (MIDDLE, ROOT),
            Trouble.EXPIRES_SOON,
            "expires in 2 days",
        ),
        (
            MIDDLE.leaf("a.example", aia=AIA),
            (ROOT,),
            Trouble.MISSING_ISSUER,
            f"the issuer of 'a.example' is missing: 'Test Intermediate' (get it from {AIA} and",
        ),
        (
            MIDDLE.leaf("a.example"),
            (MIDDLE,),
            Trouble.MISSING_ISSUER,
            "the chain of 'a.example' ends at 'Test Intermediate', whose issuer is 'Test Root'",
        ),
        (STALE.leaf("a.example"), (STALE, ROOT), Trouble.CHAIN_EXPIRED, "'Stale' in the chain"),
        (MIDDLE.leaf(common_name="Box"), (MIDDLE, ROOT), Trouble.NO_NAMES, "common name 'Box'"),
        (MIDDLE, (ROOT,), Trouble.LEAF_IS_CA, "'Test Intermediate' is an authority"),
        (self_signed("a.example"), (), Trouble.SELF_SIGNED, "nobody vouches for it"),
        (
            MIDDLE.leaf("a.example"),
            (MIDDLE, ROOT, Authority.root("Stranger")),
            Trouble.UNRELATED,
            "'Stranger' has nothing to do with 'a.example'",
        ),
    ],
)
def test_each_illness(
    leaf: Issued, others: tuple[Issued, ...], trouble: Trouble, told: str
) -> None:
    found = {finding.trouble: str(finding) for finding in findings(leaf, *others)}
    assert told in found[trouble]
    assert set(found) <= {trouble, Trouble.NO_NAMES}


def test_a_short_lived_one_is_not_said_to_expire_soon() -> None:
    assert findings(MIDDLE.leaf("a.example", days=(-1, 6)), MIDDLE, ROOT) == ()


def test_a_sha_1_signature() -> None:
    leaf, root = contents((DATA / "signed_with_sha1.pem").read_bytes()).certificates.values()
    when = leaf.not_valid_before_utc + timedelta(days=1)
    (finding,) = examined(leaf, chain_of(leaf, [root], when), [root], when)
    assert finding.trouble is Trouble.WEAK_SIGNATURE
    assert "'poolweb.jds.net'" in finding.message
