"""Reading a file of which most was read before: what is written as it was is not read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml.error import YAMLError

from pointsman.config.pieces import Piece, taken_apart
from pointsman.config.plain import PlainReader
from pointsman.config.steps import Steps
from pointsman.config.tree import MOST_VALUES, Branch, Composer, Mark, Path, parse
from pointsman.model.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file, as it was read.

    Attributes:
        branch: a mapping of one key.
        file: where it stood.
        line: where it began there, from 0.
    """

    branch: Branch
    file: str
    line: int


# By their text.
Parts = Mapping[str, Part]


def parse_parts(
    text: str, file: str, problems: list[Problem], before: Parts, parts: dict[str, Part]
) -> Steps[Branch]:
    """Read one YAML 1.2 document in steps, with the same result as ``tree.parse``.

    Args:
        text: what stands in the file.
        file: its name, for messages.
        problems: receives what is wrong but lets the rest be read.
        before: what was read before, of this file or others. Values of it are used again.
        parts: receives what was read now.

    Raises:
        ConfigError: it is not YAML.
    """
    pieces = taken_apart(text)
    yield
    if pieces is not None:
        try:
            root = yield from _Joining(file, before, parts).joined(pieces)
        except (_NoPiece, ConfigError, YAMLError, RecursionError):
            root = None
        if root is not None:
            return root
    return parse(text, file, problems)


class _NoPiece(Exception):
    """The file has to be read as a whole."""


class _Joining:
    def __init__(self, file: str, before: Parts, parts: dict[str, Part]) -> None:
        self._file = file
        self._before = before
        self._parts = parts
        self._problems: list[Problem] = []
        self._composer = Composer(file, self._problems)
        self._plain = PlainReader(file)

    def joined(self, pieces: list[Piece]) -> Steps[Branch]:
        """One tree of all pieces."""
        root: Branch | None = None
        for piece in pieces:
            key, own = self._read(piece, ())
            yield
            if piece.entries:
                section: Branch | None = None
                for entry in piece.entries:
                    _, below = self._read(entry, (key,))
                    section = _added(section, below)
                    yield
                assert section is not None
                section.value = {name: child.value for name, child in section.children.items()}
                own = Branch({}, own.mark, {key: section}, own.keys, section.size + 1)
            root = _added(root, own)
        assert root is not None
        root.value = {name: child.value for name, child in root.children.items()}
        if root.size > MOST_VALUES:
            raise _NoPiece
        return root

    def _read(self, piece: Piece, path: Path) -> tuple[str, Branch]:
        part = self._before.get(piece.text)
        if part is not None:
            branch = _moved(part.branch, self._file, piece.line - part.line, part.file)
        else:
            read = self._plain.branch(piece.text, piece.line)
            if read is None:
                read = self._composer.branch(piece.text, piece.line, path)
            if self._problems or read is None or not isinstance(read.value, dict):
                raise _NoPiece
            branch = read
        if len(branch.children) != 1:
            raise _NoPiece
        self._parts[piece.text] = Part(branch, self._file, piece.line)
        (key,) = branch.keys
        return str(key), branch


def _added(whole: Branch | None, more: Branch) -> Branch:
    """A mapping with one more key; its value is left to be made at the end."""
    if whole is None:
        return Branch({}, more.mark, dict(more.children), dict(more.keys), more.size)
    ((key, child),) = more.children.items()
    if key in whole.children:
        raise _NoPiece
    whole.children[key] = child
    whole.keys[key] = more.keys[key]
    whole.size += child.size
    return whole


def _moved(branch: Branch, file: str, by: int, from_file: str) -> Branch:
    """The same values some lines further down, or in another file."""
    if not by and file == from_file:
        return branch

    def moved(mark: Mark) -> Mark:
        return Mark(file, mark.line + by, mark.column)

    def copied(old: Branch) -> Branch:
        return Branch(
            old.value,
            moved(old.mark),
            {key: copied(child) for key, child in old.children.items()},
            {key: moved(mark) for key, mark in old.keys.items()},
            old.size,
        )

    return copied(branch)
