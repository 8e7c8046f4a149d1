"""The chain to send with a leaf: the shortest right one that can be built, its root left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from pointsman_ssl.certificate import extension, fingerprint, is_self_issued, is_valid

LONGEST = 8  # certificates above the leaf; real chains have one or two
_MOST_PATHS = 500  # authorities that all sign each other end here
_OLD_HASHES = frozenset({"sha1", "md5", "md2"})


@dataclass(frozen=True, slots=True)
class Chain:
    """What stands between a leaf and a root.

    Attributes:
        certificates: to be sent after the leaf, nearest issuer first.
        root: the root it ends at, if that is at hand.
        complete: whether it ends at a root that is at hand or known to the system.
    """

    certificates: tuple[x509.Certificate, ...] = ()
    root: x509.Certificate | None = None
    complete: bool = False

    def top(self, leaf: x509.Certificate) -> x509.Certificate:
        """The last certificate below the root."""
        return self.certificates[-1] if self.certificates else leaf


def chain_of(
    leaf: x509.Certificate,
    others: Iterable[x509.Certificate],
    now: datetime,
    known_roots: Collection[x509.Name] = (),
) -> Chain:
    """Build the chain.

    Of several right ones that is taken which ends at a root that is at hand or known; then one
    in which nothing is expired; then the shortest; then the one that is valid longest.

    Args:
        leaf: where it begins.
        others: certificates it may be built from, in any order, unrelated ones too.
        now: when it shall be valid.
        known_roots: subjects of roots that clients are known to have.
    """
    if is_self_issued(leaf):
        return Chain((), leaf, complete=True)
    by_subject: dict[x509.Name, list[x509.Certificate]] = {}
    for other in {fingerprint(one): one for one in others}.values():
        by_subject.setdefault(other.subject, []).append(other)
    found = [_chain(leaf, path, known_roots) for path in _paths(leaf, by_subject)]

    def goodness(chain: Chain) -> tuple[bool, bool, int, int, float]:
        # One that ends nowhere is the better the further it gets.
        steps = len(chain.certificates) if chain.complete else -len(chain.certificates)
        nowhere = not chain.complete and not chain.certificates
        whole = [*chain.certificates, *([chain.root] if chain.root else [])]
        expired = sum(not is_valid(one, now) for one in whole)
        ends = min((one.not_valid_after_utc.timestamp() for one in whole), default=0.0)
        return not chain.complete, nowhere, expired, steps, -ends

    return min(found, key=goodness)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether one certificate has issued the other: names, key identifiers, rights, signature."""
    if certificate.issuer != issuer.subject or not _may_issue(issuer):
        return False
    named = extension(certificate, x509.AuthorityKeyIdentifier)
    own = extension(issuer, x509.SubjectKeyIdentifier)
    if named and own and named.key_identifier and named.key_identifier != own.digest:
        return False  # RFC 5280 section 4.2.1.1: several keys of one name are told apart by this
    if named and named.authority_cert_serial_number not in (None, issuer.serial_number):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        # Signatures with SHA-1 cannot be checked any more; they prove nothing anyway.
        return is_old_signature(certificate)
    return True


def is_old_signature(certificate: x509.Certificate) -> bool:
    """Whether it is signed with a hash that nobody should trust any more."""
    try:
        hash_ = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return False
    return hash_ is not None and hash_.name in _OLD_HASHES


def _may_issue(issuer: x509.Certificate) -> bool:
    constraints = extension(issuer, x509.BasicConstraints)
    if constraints is None:
        # Roots from before version 3 have no extensions at all.
        return issuer.version is x509.Version.v1 and is_self_issued(issuer)
    usage = extension(issuer, x509.KeyUsage)
    return constraints.ca and (usage is None or usage.key_cert_sign)


def _paths(
    leaf: x509.Certificate, by_subject: Mapping[x509.Name, list[x509.Certificate]]
) -> Iterator[tuple[x509.Certificate, ...]]:
    """Every way up from the leaf, and every part of one: where it ends well is judged later."""
    waiting: list[tuple[x509.Certificate, ...]] = [()]
    for _ in range(_MOST_PATHS):
        if not waiting:
            return
        path = waiting.pop(0)
        yield path
        top = path[-1] if path else leaf
        if is_self_issued(top) or len(path) > LONGEST:
            continue
        for issuer in by_subject.get(top.issuer, ()):
            fits = issuer not in path and issuer != leaf and _has_room(issuer, len(path))
            if fits and is_issued_by(top, issuer):
                waiting.append((*path, issuer))


def _has_room(issuer: x509.Certificate, below: int) -> bool:
    """Whether it allows so many intermediates below itself (RFC 5280 section 4.2.1.9)."""
    constraints = extension(issuer, x509.BasicConstraints)
    return not constraints or constraints.path_length is None or constraints.path_length >= below


def _chain(
    leaf: x509.Certificate,
    path: tuple[x509.Certificate, ...],
    known_roots: Collection[x509.Name],
) -> Chain:
    if path and is_self_issued(path[-1]):
        return Chain(path[:-1], path[-1], complete=True)
    return Chain(path, None, complete=(path[-1] if path else leaf).issuer in known_roots)
