"""A file of YAML taken apart into the entries of its sections, each of which is YAML by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What makes a file one whole: anchors, aliases and tags, merge keys, marks and directives of
# documents, and whatever ends a line elsewhere or is not allowed at all. They are looked for in
# values and comments as well: then the file is read as a whole, and that is right too.
_WHOLE = (
    re.compile(r"[&*!](?<=[\s\[{,:?-].)"),  # as a token may begin
    re.compile(r"<<"),
    re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE),
    re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\uffef]"),
)
# Blank lines and comments, and the mark of the one document.
_BEGIN = re.compile(r"(?:[ ]*(?:#.*)?\n)*(?:---[ ]*\n)?")
# Lines that begin something at the very left; a list may stand there below its key.
_TOP = re.compile(r"^(?!-(?: |$))[^\s#]", re.MULTILINE)
# A key that may have a section below it.
_HEADER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*:[ ]*(?:(?<= )#.*)?\n")
_FIRST = re.compile(r"^([ ]*)[^ #\n]", re.MULTILINE)
# What a key begins with; anything else might be half of something.
_KEY = r"[A-Za-z0-9_\"'/.]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file: one key at the top, or one below it, with all that belongs to it.

    Attributes:
        text: whole lines.
        line: of the file in which it begins, from 0.
        entries: the pieces below the key; if there are some, the text is that of the key alone.
    """

    text: str
    line: int
    entries: tuple[Piece, ...] = ()


def taken_apart(text: str) -> list[Piece] | None:
    """The pieces of a file, None if it has to be read as a whole.

    Whoever reads the pieces must see that each is a mapping of one key, that no key is there
    twice, and that nothing is wrong with any of them. Else the file has to be read as a whole:
    a text in quotes or brackets may have been torn, and only the whole shows what is wrong.
    """
    begun = _BEGIN.match(text)
    at = begun.end() if begun is not None else 0
    if any(unusual.search(text, at) for unusual in _WHOLE):
        return None
    starts = [found.start() for found in _TOP.finditer(text, at)]
    fit = re.compile(_KEY)
    if not starts or not all(fit.match(text, start) for start in starts):
        return None
    if _FIRST.search(text, at, starts[0]):
        return None
    pieces: list[Piece] = []
    for number, piece in _cut(text, starts, text.count("\n", 0, starts[0])):
        header = _HEADER.match(piece)
        entries = (*_entries(piece, header.end(), number + 1),) if header is not None else ()
        if entries:
            piece = piece[: len(piece) - sum(len(entry.text) for entry in entries)]
        pieces.append(Piece(piece, number, entries))
    return pieces


def _entries(section: str, at: int, line: int) -> Iterator[Piece]:
    """The entries of a section whose header ends at ``at``; none if it cannot be cut."""
    first = _FIRST.search(section, at)
    if first is None or not first[1]:
        return
    indent = len(first[1])
    begin = re.compile(rf"^[ ]{{{indent}}}(?!-(?: |$))[^ #\n]", re.MULTILINE)
    starts = [found.start() for found in begin.finditer(section, first.start())]
    fit = re.compile(rf"[ ]{{{indent}}}{_KEY}")
    if not starts or starts[0] != first.start():
        return
    if not all(fit.match(section, start) for start in starts):
        return
    if re.compile(rf"^[ ]{{0,{indent - 1}}}[^ #\n]", re.MULTILINE).search(section, at):
        return
    for number, piece in _cut(section, starts, line + section.count("\n", at, starts[0])):
        yield Piece(piece, number)


def _cut(text: str, starts: list[int], line: int) -> Iterator[tuple[int, str]]:
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end]
        yield line, piece
        line += piece.count("\n")
