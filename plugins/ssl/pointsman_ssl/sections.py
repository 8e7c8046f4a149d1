"""The sections of the configuration to the certificate store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from cryptography import x509

from pointsman.contracts import Section, SectionPlace
from pointsman_ssl.certificate import called, fingerprint, spki
from pointsman_ssl.entry import Entry
from pointsman_ssl.identity import Identity
from pointsman_ssl.opening import Read, authorities_of
from pointsman_ssl.pairing import likely_leaf
from pointsman_ssl.problems import CertificateError, Finding, Trouble
from pointsman_ssl.settings import AUTO, CertificateSettings, IntermediateSettings
from pointsman_ssl.source import Source
from pointsman_ssl.stapling import AnswerSource
from pointsman_ssl.store import CertificateStore
from pointsman_ssl.system_roots import known_roots
from pointsman_ssl.watching import Watching

Authorities = Mapping[str, tuple[x509.Certificate, ...]]


def sections() -> Mapping[str, Section]:
    """The sections that this plugin offers; the second one becomes the store."""
    return {
        "intermediates": Section(
            dict[str, IntermediateSettings],
            make_authorities,
            "certificates of authorities, by name",
        ),
        "certificates": Section(
            dict[str, CertificateSettings], make_store, "certificates with their keys, by name"
        ),
    }


def make_authorities(
    settings: Mapping[str, IntermediateSettings], place: SectionPlace
) -> Authorities:
    """Read what stands under ``intermediates``."""
    found: dict[str, tuple[x509.Certificate, ...]] = {}
    for name, one in settings.items():
        try:
            found[name] = authorities_of(place.folder((name, "file")) / one.file)
        except CertificateError as error:
            place.error(error.finding.message, error.finding.hint, (name, "file"))
    return found


def make_store(
    settings: Mapping[str, CertificateSettings], place: SectionPlace
) -> CertificateStore:
    """Read what stands under ``certificates``; ``place`` is told of all problems at once."""
    authorities: Authorities = place.made["intermediates"]
    now = datetime.now(UTC)
    roots = known_roots() if settings else frozenset()
    extra = [one for some in authorities.values() for one in some]
    entries = {name: _entry(name, one, place, extra, roots) for name, one in settings.items()}
    # Before they are read: what is changed meanwhile has changed since.
    stamps = {name: entry.source.stamp() for name, entry in entries.items()}
    reads = dict(_reads(settings, entries, place))
    identities: list[Identity] = []
    for name, read in reads.items():
        try:
            made = entries[name].made(read, now)
        except CertificateError as error:
            finding = _with_owner(error.finding, name, reads)
            place.error(finding.message, finding.hint, _at(name, settings[name], finding.part))
        else:
            identities.append(made.identity)
            for finding in made.findings:
                place.warn(finding.message, finding.hint, (name,))
    for same, first in _twice(identities):
        place.warn(f"this is the same certificate as {first!r}", "one name is enough", (same,))
    watched = {
        name: Watching(entries[name], stamps[name]) for name, one in settings.items() if one.watch
    }
    return CertificateStore(identities, authorities, watched)


def _entry(
    name: str,
    one: CertificateSettings,
    place: SectionPlace,
    intermediates: Sequence[x509.Certificate],
    roots: Collection[x509.Name],
) -> Entry:
    folder = place.folder((name, _main_key(one)))
    source = Source(
        tuple(folder / path for path in one.paths),
        place.folder((name, "key")) / one.key if one.key is not None else None,
        one.password,
        place.folder((name, "password")),
    )
    answers = None
    if one.ocsp is not None and one.ocsp.file is not None:
        answers = AnswerSource(place.folder((name, "ocsp", "file")) / one.ocsp.file)
    elif one.ocsp is not None:
        answers = AnswerSource(url=one.ocsp.responder or AUTO)
    return Entry(name, source, answers, intermediates, roots)


def _reads(
    settings: Mapping[str, CertificateSettings],
    entries: Mapping[str, Entry],
    place: SectionPlace,
) -> Iterator[tuple[str, Read]]:
    for name, entry in entries.items():
        try:
            password = entry.source.secret()
        except ValueError as error:
            place.error(str(error), at=(name, "password"))
            continue
        try:
            read = entry.source.read(password)
        except CertificateError as error:
            finding = error.finding
            place.error(finding.message, finding.hint, _at(name, settings[name], finding.part))
        else:
            yield name, read


def _at(name: str, one: CertificateSettings, part: str) -> tuple[str, ...]:
    """The key to point at: that of the part if it is there, else that of the file."""
    there = part and getattr(one, part) is not None
    return (name, part) if there else (name, _main_key(one))


def _main_key(one: CertificateSettings) -> str:
    return next(key for key in ("pfx", "pem", "file") if getattr(one, key) is not None)


def _with_owner(finding: Finding, name: str, reads: Mapping[str, Read]) -> Finding:
    """Say whose key it is that does not match, if that certificate is here as well."""
    if finding.trouble is not Trouble.KEY_MISMATCH:
        return finding
    keys = reads[name].contents.keys
    for other, read in reads.items():
        for certificate in read.contents.certificates.values():
            try:
                matches = other != name and spki(certificate) in keys
            except ValueError:
                continue
            if matches:
                leaf = likely_leaf([certificate])
                hint = f"it belongs to the certificate of {other!r}, {called(leaf)}"
                return Finding(finding.trouble, finding.message, hint, finding.part)
    return finding


def _twice(identities: list[Identity]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for identity in identities:
        there = first.setdefault(fingerprint(identity.leaf), identity.name)
        if there != identity.name:
            yield identity.name, there
