"""Pieces that are written in the plainest YAML, read quickly; all others are left to the reader.

That is: ``key: value`` and ``key:`` with more of it indented below, lists of values, brackets and
braces on one line, text in quotes without escapes. What is read here is just what the reader of
``config.tree`` makes of it, places included, at a twentieth of the time.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

from pointsman.config.tree import Branch, Mark, scalar

# Deeper ones, and their errors, are the reader's.
_DEEPEST = 20

_QUOTED = r""" "[^"\\\n]*" | '[^'\n]*' """
# No character that means something at any place, but for a colon within a word.
_WORD = r"[A-Za-z0-9_/.+@%=-]"
_FIRST = r"[A-Za-z0-9_/.]"
_WORDS = rf"{_FIRST} (?: {_WORD} | :(?=[A-Za-z0-9/]) )*"
_TEXT = rf"(?: {_WORDS} (?: [ ] {_WORDS} )* )"
_KEY = rf"(?: {_FIRST} {_WORD}* (?: [ ] {_FIRST} {_WORD}* )* | {_QUOTED} )"

_LINE = re.compile(
    rf"""(?P<indent> [ ]* )
    (?: (?P<key> {_KEY} ) : (?: [ ]+ (?=[^ \n#]) | (?= [ ]* (?: [ ]\#.* )? $ ) )
      | -[ ] (?=[^ \n#]) )""",
    re.VERBOSE | re.MULTILINE,
)
_SCALAR = re.compile(rf"(?: (?P<text> {_TEXT} ) | (?P<quoted> {_QUOTED} ) )", re.VERBOSE)
_FLOW_KEY = re.compile(rf"(?P<key> {_KEY} ) :[ ]+", re.VERBOSE)
_REST = re.compile(r"[ ]*(?:(?<= )#.*)?$", re.MULTILINE)
_EMPTY = re.compile(r"[ ]*(?:#.*)?$", re.MULTILINE)


class _Otherwise(Exception):
    """It is not written that plainly."""


class PlainReader:
    """Reads pieces of one file.

    Args:
        file: its name.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._resolve = YAML(typ="rt").resolver.resolve
        self._values: dict[str, Any] = {}

    def branch(self, text: str, line: int) -> Branch | None:
        """What a piece is, None if it is not written plainly enough.

        Args:
            text: of the piece (``config.pieces``).
            line: of the file in which it begins, from 0.
        """
        try:
            return _Piece(self, self._file, text, line).branch()
        except _Otherwise:
            return None

    def value(self, text: str) -> Any:
        """The value of a text without quotes."""
        try:
            return self._values[text]
        except KeyError:
            pass
        try:
            value = scalar(text, str(self._resolve(ScalarNode, text, (True, False))))
        except (ValueError, LookupError):
            raise _Otherwise from None
        self._values[text] = value
        return value


class _Piece:
    def __init__(self, reader: PlainReader, file: str, text: str, line: int) -> None:
        self._value = reader.value
        self._file = file
        self._lines = text.split("\n")
        self._line = line + 1
        self._at = 0  # the line that is next

    def branch(self) -> Branch:
        """All of it."""
        indent = self._next_indent()
        if indent < 0:
            raise _Otherwise
        branch = self._mapping(indent, 1)
        if self._next_indent() >= 0:
            raise _Otherwise
        return branch

    def _next_indent(self) -> int:
        """How far the next line is indented that says something, -1 at the end."""
        lines = self._lines
        while self._at < len(lines):
            line = lines[self._at]
            bare = line.lstrip(" ")
            if bare and bare[0] != "#":
                return len(line) - len(bare)
            self._at += 1
        return -1

    def _mark(self, column: int) -> Mark:
        return Mark(self._file, self._at + self._line, column + 1)

    def _mapping(self, indent: int, depth: int) -> Branch:
        if depth > _DEEPEST:
            raise _Otherwise
        branch = Branch({}, self._mark(indent))
        children, keys, value = branch.children, branch.keys, branch.value
        while self._next_indent() == indent:
            line = self._lines[self._at]
            found = _LINE.match(line)
            if found is None or found["key"] is None:
                if line.startswith("- ", indent):
                    break  # of a list that stands below its key: the caller knows
                raise _Otherwise
            key = _unquoted(found["key"])
            if key in children:
                raise _Otherwise
            keys[key] = mark = self._mark(indent)
            child = self._after_key(line, found.end(), indent, mark, depth)
            children[key], value[key] = child, child.value
            branch.size += child.size
        return branch

    def _after_key(self, line: str, at: int, indent: int, mark: Mark, depth: int) -> Branch:
        if not _EMPTY.match(line, at):
            child = self._inline(line, at, depth)
            self._at += 1
            if self._next_indent() > indent:
                raise _Otherwise  # it goes on, or is wrong
            return child
        self._at += 1
        deeper = self._next_indent()
        if deeper < indent or (deeper == indent and not self._is_item(indent)):
            return Branch(None, mark)
        if self._is_item(deeper):
            return self._list(deeper, depth + 1)
        return self._mapping(deeper, depth + 1)

    def _is_item(self, indent: int) -> bool:
        return self._lines[self._at].startswith("-", indent)

    def _list(self, indent: int, depth: int) -> Branch:
        branch = Branch([], self._mark(indent))
        while self._next_indent() == indent and self._is_item(indent):
            line = self._lines[self._at]
            found = _LINE.match(line)
            if found is None or found["key"] is not None:
                raise _Otherwise
            child = self._inline(line, found.end(), depth)
            self._at += 1
            if self._next_indent() > indent:
                raise _Otherwise
            branch.children[len(branch.children)] = child
            branch.value.append(child.value)
            branch.size += child.size
        return branch

    # ---- on one line ----

    def _inline(self, line: str, at: int, depth: int) -> Branch:
        branch, end = self._flow(line, at, depth + 1, False)
        if not _REST.match(line, end):
            raise _Otherwise
        return branch

    def _flow(self, line: str, at: int, depth: int, within: bool) -> tuple[Branch, int]:
        if depth > _DEEPEST:
            raise _Otherwise
        mark = self._mark(at)
        begin = line[at : at + 1]
        if begin == "{":
            return self._braces(line, at + 1, mark, depth)
        if begin == "[":
            return self._brackets(line, at + 1, mark, depth)
        found = _SCALAR.match(line, at)
        if found is None:
            raise _Otherwise
        text = found["text"]
        value = self._value(text) if text is not None else found["quoted"][1:-1]
        if text is None and within and line[found.end() : found.end() + 1] == ":":
            raise _Otherwise
        return Branch(value, mark), found.end()

    def _brackets(self, line: str, at: int, mark: Mark, depth: int) -> tuple[Branch, int]:
        branch = Branch([], mark)
        at = _past_spaces(line, at)
        while line[at : at + 1] != "]":
            child, at = self._flow(line, at, depth + 1, True)
            branch.children[len(branch.children)] = child
            branch.value.append(child.value)
            branch.size += child.size
            at = self._next_item(line, at, "]")
        return branch, at + 1

    def _braces(self, line: str, at: int, mark: Mark, depth: int) -> tuple[Branch, int]:
        branch = Branch({}, mark)
        at = _past_spaces(line, at)
        while line[at : at + 1] != "}":
            found = _FLOW_KEY.match(line, at)
            key = _unquoted(found["key"]) if found is not None else ""
            if found is None or key in branch.children:
                raise _Otherwise
            branch.keys[key] = self._mark(at)
            child, at = self._flow(line, found.end(), depth + 1, True)
            branch.children[key], branch.value[key] = child, child.value
            branch.size += child.size
            at = self._next_item(line, at, "}")
        return branch, at + 1

    def _next_item(self, line: str, at: int, end: str) -> int:
        """Where the next item begins, or the end of all."""
        at = _past_spaces(line, at)
        if line[at : at + 1] == end:
            return at
        if line[at : at + 2] != ", ":
            raise _Otherwise
        at = _past_spaces(line, at + 1)
        if line[at : at + 1] == end:
            raise _Otherwise
        return at


def _past_spaces(line: str, at: int) -> int:
    while line[at : at + 1] == " ":
        at += 1
    return at


def _unquoted(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key
