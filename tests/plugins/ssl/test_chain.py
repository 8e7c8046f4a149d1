"""The shortest right chain is found among right, wrong, expired and cross-signed ones."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from kit.certificates import Authority, Issued, make_key, self_signed
from pointsman_ssl.chain import Chain, chain_of, is_issued_by, is_old_signature
from pointsman_ssl.reading import contents

NOW = datetime.now(UTC)
DATA = Path(__file__).parents[2] / "data"
ROOT = Authority.root()
MIDDLE = ROOT.intermediate("Middle")
LOWER = MIDDLE.intermediate("Lower")
LEAF = LOWER.leaf("a.example")


def chain(leaf: Issued, *others: Issued, roots: tuple[Issued, ...] = ()) -> Chain:
    known = {root.certificate.subject for root in roots}
    return chain_of(leaf.certificate, [one.certificate for one in others], NOW, known)


def certificates(*issued: Issued) -> tuple[x509.Certificate, ...]:
    return tuple(one.certificate for one in issued)


def test_any_order_gives_the_same_chain_without_the_root() -> None:
    for order in itertools.permutations([ROOT, MIDDLE, LOWER, LEAF, Authority.root("Other")]):
        found = chain(LEAF, *order)
        assert found.certificates == certificates(LOWER, MIDDLE)
        assert found.root == ROOT.certificate
        assert found.complete


def test_a_known_root_need_not_be_there() -> None:
    found = chain(LEAF, LOWER, MIDDLE, roots=(ROOT,))
    assert (found.certificates, found.root) == (certificates(LOWER, MIDDLE), None)
    assert found.complete
    assert chain(ROOT.leaf("x.example"), roots=(ROOT,)) == Chain((), None, complete=True)


def test_one_that_ends_nowhere_goes_as_far_as_it_can() -> None:
    found = chain(LEAF, LOWER, ROOT)
    assert found == Chain(certificates(LOWER), None, complete=False)
    assert found.top(LEAF.certificate) == LOWER.certificate
    assert chain(LEAF) == Chain()
    assert chain(LEAF).top(LEAF.certificate) == LEAF.certificate


def test_a_self_signed_leaf_needs_none() -> None:
    alone = self_signed("x.example")
    assert chain(alone, ROOT) == Chain((), alone.certificate, complete=True)


def test_of_a_root_and_its_cross_signed_twin_the_shorter_way_is_taken() -> None:
    older = Authority.root("Older Root")
    crossed = older.intermediate("Test Root", key=ROOT.key)
    leaf = MIDDLE.leaf("x.example")
    assert chain(leaf, crossed, older, MIDDLE, ROOT).certificates == certificates(MIDDLE)
    assert chain(leaf, crossed, older, MIDDLE).certificates == certificates(MIDDLE, crossed)


def test_an_expired_way_is_avoided() -> None:
    key = make_key()
    fresh = ROOT.intermediate("Twin", key=key)
    stale = ROOT.intermediate("Twin", key=key, days=(-50, -1))
    leaf = Authority(fresh.certificate, key).leaf("x.example")
    for order in ([stale, fresh, ROOT], [fresh, stale, ROOT]):
        assert chain(leaf, *order).certificates == certificates(fresh)
    assert chain(leaf, stale, ROOT).certificates == certificates(stale)
    older = Authority.root("Older Root")
    crossed = older.intermediate("Test Root", key=ROOT.key, days=(-50, -1))
    assert chain(leaf, fresh, crossed, older, ROOT).certificates == certificates(fresh)


def test_of_two_the_one_valid_longest_is_taken() -> None:
    key = make_key()
    longer = ROOT.intermediate("Twin", key=key, days=(-1, 900))
    shorter = ROOT.intermediate("Twin", key=key, days=(-1, 30))
    leaf = Authority(longer.certificate, key).leaf("x.example")
    assert chain(leaf, shorter, longer, ROOT).certificates == certificates(longer)


def test_wrong_issuers_are_left_out() -> None:
    impostor = Authority.root().intermediate("Lower")  # the same name, another key
    no_authority = MIDDLE.intermediate("Lower", key=LOWER.key, is_ca=False)
    assert chain(LEAF, impostor, no_authority, MIDDLE, ROOT) == Chain()
    assert not is_issued_by(LEAF.certificate, impostor.certificate)
    assert not is_issued_by(LEAF.certificate, no_authority.certificate)
    assert not is_issued_by(LEAF.certificate, MIDDLE.certificate)
    assert is_issued_by(LEAF.certificate, LOWER.certificate)


def test_a_path_length_is_kept() -> None:
    strict = ROOT.intermediate("Strict", path_length=0)
    below = strict.intermediate("Below")
    assert chain(strict.leaf("x.example"), strict, ROOT).complete
    assert not chain(below.leaf("x.example"), below, strict, ROOT).complete


def test_authorities_that_sign_each_other_end_somewhere() -> None:
    keys = [make_key() for _ in range(6)]
    base = [Authority.root(f"Ring {i}", key=key) for i, key in enumerate(keys)]
    ring = [one.intermediate(f"Ring {i}", key=keys[i]) for i in range(6) for one in base]
    crossed = [one for one in ring if one.certificate.issuer != one.certificate.subject]
    found = chain(base[0].leaf("x.example"), *crossed)
    assert not found.complete
    assert found.certificates


def test_sha_1_is_known_for_what_it_is() -> None:
    leaf, root = contents((DATA / "signed_with_sha1.pem").read_bytes()).certificates.values()
    assert is_old_signature(leaf)
    assert not is_old_signature(LEAF.certificate)
    assert chain_of(leaf, [root], NOW).root == root
