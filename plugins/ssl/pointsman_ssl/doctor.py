"""The certificate doctor: what is unwell about an identity that could be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pointsman_ssl.certificate import (
    addresses,
    called,
    common_name,
    days_left,
    dns_names,
    extension,
    is_ca,
    is_self_issued,
    is_valid,
    issuer_urls,
    subject_words,
)
from pointsman_ssl.chain import Chain, is_old_signature
from pointsman_ssl.problems import Finding, Trouble

SOON_DAYS = 14
_DATE = "%Y-%m-%d %H:%M UTC"


def examined(
    leaf: x509.Certificate, chain: Chain, others: Iterable[x509.Certificate], now: datetime
) -> tuple[Finding, ...]:
    """Everything that is worth a warning.

    Args:
        leaf: the certificate to be served.
        chain: what goes with it.
        others: what else was in its files.
        now: the time of the examination.
    """
    return (
        *_time(leaf, now),
        *_names(leaf),
        *_rights(leaf),
        *_issuers(leaf, chain, now),
        *_signatures([leaf, *chain.certificates]),
        *_left_over(leaf, chain, others),
    )


def _time(leaf: x509.Certificate, now: datetime) -> Iterator[Finding]:
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    left = days_left(leaf, now)
    if now > end:
        message = f"{called(leaf)} has expired on {end.strftime(_DATE)}"
        yield Finding(Trouble.EXPIRED, message, "clients will refuse it: replace it")
    elif now < begin:
        message = f"{called(leaf)} is not valid before {begin.strftime(_DATE)}"
        yield Finding(Trouble.NOT_YET_VALID, message, "clients will refuse it; is the clock right?")
    elif left < SOON_DAYS and (end - begin).days > SOON_DAYS:
        message = f"{called(leaf)} expires in {left} days, on {end.strftime(_DATE)}"
        yield Finding(Trouble.EXPIRES_SOON, message, "renew it")


def _names(leaf: x509.Certificate) -> Iterator[Finding]:
    if dns_names(leaf) or addresses(leaf):
        return
    has = f"only the common name {common_name(leaf.subject)!r}"
    message = f"{called(leaf)} has no subject alternative names, {has}"
    # RFC 9110 section 4.3.4 and RFC 9525 section 2 leave the common name out of account.
    yield Finding(Trouble.NO_NAMES, message, "browsers want them: have it issued anew with them")


def _rights(leaf: x509.Certificate) -> Iterator[Finding]:
    if is_ca(leaf):
        message = f"{called(leaf)} is an authority, not a server's certificate"
        yield Finding(Trouble.LEAF_IS_CA, message, "some clients will refuse it")
    uses = extension(leaf, x509.ExtendedKeyUsage)
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if uses is not None and not allowed.intersection(uses):
        message = f"{called(leaf)} is not meant for servers, by its extended key usage"
        yield Finding(Trouble.NOT_FOR_SERVERS, message, "clients will refuse it")


def _issuers(leaf: x509.Certificate, chain: Chain, now: datetime) -> Iterator[Finding]:
    for one in [*chain.certificates, *([chain.root] if chain.root else [])]:
        if one != leaf and not is_valid(one, now):
            message = f"{called(one)} in the chain of {called(leaf)} is expired or not yet valid"
            yield Finding(Trouble.CHAIN_EXPIRED, message, "look for a newer one of its authority")
    if is_self_issued(leaf):
        message = f"{called(leaf)} is self-signed: nobody vouches for it"
        yield Finding(Trouble.SELF_SIGNED, message, "clients must be told to trust it")
    elif not chain.complete:
        yield _missing(chain.top(leaf), leaf)


def _missing(top: x509.Certificate, leaf: x509.Certificate) -> Finding:
    issuer = subject_words(top.issuer)
    urls = issuer_urls(top)
    where = f"get it from {urls[0]} and " if urls else ""
    if top == leaf:
        message = f"the issuer of {called(leaf)} is missing: {issuer!r}"
        hint = f"{where}add it to the file, or under `intermediates`"
        return Finding(Trouble.MISSING_ISSUER, message, hint)
    message = f"the chain of {called(leaf)} ends at {called(top)}, whose issuer is {issuer!r}"
    hint = f"if that is no root which clients have, {where}add it under `intermediates`"
    return Finding(Trouble.MISSING_ISSUER, message, hint)


def _signatures(sent: list[x509.Certificate]) -> Iterator[Finding]:
    for one in sent:
        if is_old_signature(one) and not is_self_issued(one):
            message = f"{called(one)} is signed with a hash that is broken (SHA-1 or older)"
            yield Finding(Trouble.WEAK_SIGNATURE, message, "clients will refuse it: replace it")


def _left_over(
    leaf: x509.Certificate, chain: Chain, others: Iterable[x509.Certificate]
) -> Iterator[Finding]:
    if not chain.complete:
        return  # with what is missing it might have to do with it
    used = [leaf, chain.root, *chain.certificates]
    subjects = {one.subject for one in used if one is not None} | {chain.top(leaf).issuer}
    for one in others:
        # A cross-signed twin or a second root is a choice not taken, and no mistake.
        if one not in used and one.subject not in subjects:
            message = f"{called(one)} has nothing to do with {called(leaf)}"
            yield Finding(Trouble.UNRELATED, message, "it is not sent; take it out of the file")
