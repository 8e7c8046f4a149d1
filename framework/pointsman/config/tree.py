"""YAML text to plain values, each with its place: nothing is lost between a value and its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from pointsman.model.errors import ConfigError, Problem

MOST_VALUES = 200_000  # with every alias written out; a "billion laughs" file ends here
DEEPEST = 60

Key = str | int
Path = tuple[Key, ...]

_TAG = "tag:yaml.org,2002:"
_OLD_YAML = re.compile(r"^%YAML\s+(?!1\.2\b)", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")  # YAML 1.2 section 5.4; str.splitlines knows more
_BASES = {"0x": 16, "0o": 8, "0b": 2}


class WrittenFloat(float):
    """A number with a point, as it was written: never a duration, which wants its unit."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column begin at 1, 0 stands for the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(slots=True)
class Branch:
    """A value of the configuration with its place and those of everything below it.

    Attributes:
        value: plain Python: dict, list, str, int, WrittenFloat, bool or None.
        mark: where the value begins.
        children: what is below, by key or index.
        keys: where the keys of a mapping stand.
        size: how many values this is, itself included and every alias written out.
    """

    value: Any
    mark: Mark
    children: dict[Key, Branch] = field(default_factory=dict)
    keys: dict[Key, Mark] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the values of a configuration stand."""

    root: Branch

    def known(self, path: Sequence[Key]) -> Path:
        """The part of a path that stands in a file; steps that nobody wrote are left out."""
        return tuple(step for step, _, _ in self._walk(path))

    def of(self, path: Sequence[Key], *, key: bool = False) -> Mark:
        """Where to point for this path: a plain value itself, else the key that it stands under.

        Args:
            path: keys and indexes from the top; the longest part that is known counts.
            key: point at the key of a plain value as well.
        """
        mark = self.root.mark
        for _, mark, branch in self._walk(path):
            if not key and not branch.children and branch.value not in ({}, [], None):
                mark = branch.mark
        return mark

    def folder(self, path: Sequence[Key], below: Sequence[Key] = ()) -> File:
        """Where a relative path begins that is written there: beside its file, else here.

        Args:
            path: keys and indexes from the top.
            below: and from there on.
        """
        mark = self.of((*path, *below))
        return File(mark.file).parent if mark.line else File()

    def _walk(self, path: Sequence[Key]) -> Iterator[tuple[Key, Mark, Branch]]:
        branch = self.root
        for step in path:
            if step in branch.children:
                mark = branch.keys.get(step)
                branch = branch.children[step]
                yield step, mark or branch.mark, branch


def dotted(path: Sequence[Key]) -> str:
    """A path for people: ``pools.web.servers.a`` or ``virtual_services.x.listen[1]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f"{'.' if text else ''}{step if step.isprintable() else repr(step)}"
    return text


def parse(text: str, file: str, problems: list[Problem]) -> Branch:
    """Read one YAML 1.2 document.

    Args:
        text: what stands in the file.
        file: its name, for messages.
        problems: receives what is wrong but lets the rest be read, such as duplicate keys.

    Raises:
        ConfigError: it is not YAML; one problem, as what follows an error cannot be trusted.
    """
    if old := _OLD_YAML.search(text):
        line = text.count("\n", 0, old.start()) + 1
        raise ConfigError([Problem(file, line, 1, "", "only YAML 1.2 is read here")])
    try:
        return Composer(file, problems).branch(text, 0, ()) or Branch(None, Mark(file, 1, 1))
    except RecursionError:
        raise ConfigError([Problem(file, 0, 0, "", "values are nested too deeply")]) from None
    except YAMLError as error:
        raise ConfigError([_syntax_problem(error, text, file)]) from None


class Composer:
    """Reads pieces of a file that are YAML by themselves, one after the other.

    Args:
        file: name of the file.
        problems: receives what is wrong but lets the rest be read.
    """

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file = file
        self._problems = problems
        self._yaml = YAML(typ="rt")
        # The later of two is meant (YAML 1.2 section 7.1), and nobody reads what Python warns of.
        self._yaml.composer.warn_double_anchors = False

    def branch(self, text: str, line: int, path: Path) -> Branch | None:
        """What a piece is, None if nothing stands in it.

        Args:
            text: of the piece.
            line: of the file in which it begins, from 0.
            path: where its values stand.

        Raises:
            YAMLError: it is not YAML. Then this reader must not be used any more.
            RecursionError: it is nested too deeply; likewise.
        """
        node = self._yaml.compose(text)
        if node is None:
            return None
        return _Planter(self._file, self._problems, line).plant(node, path)


def scalar(text: str, tag: str) -> Any:
    """The value of a scalar.

    Raises:
        ValueError: it is no such number.
        LookupError: the tag is not known here.
    """
    match tag.removeprefix(_TAG):
        case "str" | "timestamp" | "merge":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            bare = text.replace("_", "").lower()
            return int(bare, _BASES.get(bare.lstrip("+-")[:2], 10))
        case "float":
            bare = text.replace("_", "")
            return WrittenFloat(bare.replace(".inf", "inf").replace(".nan", "nan"))
    raise LookupError(tag)


class _Planter:
    """Makes branches out of the nodes of one document."""

    def __init__(self, file: str, problems: list[Problem], line: int) -> None:
        self._file = file
        self._problems = problems
        self._line = line + 1
        self._done: dict[int, Branch] = {}
        self._open: set[int] = set()

    def plant(self, node: Node, path: Path) -> Branch:
        known = self._done.get(id(node))
        if known is not None:
            return known  # an alias: the same values, at the place where they are written
        mark = self._mark(node)
        if id(node) in self._open or len(path) > DEEPEST:
            again = "an alias must not stand inside its own anchor"
            self._problem(mark, path, "values are nested too deeply" if path[DEEPEST:] else again)
            return Branch(None, mark)
        self._open.add(id(node))
        if isinstance(node, MappingNode):
            branch = self._mapping(node, mark, path)
        elif isinstance(node, SequenceNode):
            branch = self._sequence(node, mark, path)
        else:
            branch = Branch(self._scalar(node, mark, path), mark)
        branch.size += sum(child.size for child in branch.children.values())
        if branch.size > MOST_VALUES:
            raise ConfigError([self._made(mark, path, f"more than {MOST_VALUES} values")])
        self._open.discard(id(node))
        self._done[id(node)] = branch
        return branch

    def _mapping(self, node: MappingNode, mark: Mark, path: Path) -> Branch:
        if node.tag != f"{_TAG}map":
            self._problem(mark, path, f"the tag {node.tag} is not known here")
        branch = Branch({}, mark)
        merged: list[Branch] = []
        for key_node, value_node in node.value:
            key_mark = self._mark(key_node)
            if not isinstance(key_node, ScalarNode):
                self._problem(key_mark, path, "a key must be plain text")
            elif key_node.tag == f"{_TAG}merge" and key_node.style is None:
                merged += self._merged(value_node, path)
            elif key_node.value in branch.children:
                first = branch.keys[key_node.value]
                place = f"line {first.line}, column {first.column}"
                self._problem(
                    key_mark,
                    (*path, key_node.value),
                    f"this key is written twice, first at {place}",
                    "keep one of the two",
                )
            else:
                key = str(key_node.value)
                branch.keys[key] = key_mark
                branch.children[key] = below = self.plant(value_node, (*path, key))
                if below.value is None and not value_node.value:
                    below.mark = key_mark  # the reader's is somewhere in what comes next
        for source in merged:
            for key_, child in source.children.items():
                if key_ not in branch.children:
                    branch.children[key_] = child
                    branch.keys[key_] = source.keys[key_]
        branch.value = {key: child.value for key, child in branch.children.items()}
        return branch

    def _merged(self, node: Node, path: Path) -> list[Branch]:
        items = node.value if isinstance(node, SequenceNode) else [node]
        sources = [self.plant(item, (*path, "<<")) for item in items]
        for source in sources:
            if not isinstance(source.value, dict):
                self._problem(source.mark, path, "`<<` takes a mapping or a list of mappings")
        return [source for source in sources if isinstance(source.value, dict)]

    def _sequence(self, node: SequenceNode, mark: Mark, path: Path) -> Branch:
        if node.tag != f"{_TAG}seq":
            self._problem(mark, path, f"the tag {node.tag} is not known here")
        branch = Branch([], mark)
        for index, item in enumerate(node.value):
            branch.children[index] = self.plant(item, (*path, index))
        branch.value = [child.value for child in branch.children.values()]
        return branch

    def _scalar(self, node: Node, mark: Mark, path: Path) -> Any:
        try:
            return scalar(str(node.value), str(node.tag))
        except ValueError:
            self._problem(mark, path, "this number cannot be read")
        except LookupError:
            self._problem(mark, path, f"the tag {node.tag} is not known here")
        return None

    def _mark(self, node: Node) -> Mark:
        return Mark(self._file, node.start_mark.line + self._line, node.start_mark.column + 1)

    def _made(self, mark: Mark, path: Path, message: str, hint: str = "") -> Problem:
        return Problem(mark.file, mark.line, mark.column, dotted(path), message, hint)

    def _problem(self, mark: Mark, path: Path, message: str, hint: str = "") -> None:
        self._problems.append(self._made(mark, path, message, hint))


def _syntax_problem(error: YAMLError, text: str, file: str) -> Problem:
    if isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        return Problem(file, line, column, "", f"the character {error.character!r} is not allowed")
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return Problem(file, 0, 0, "", f"not YAML: {error}")
    lines = _LINE_END.split(text)
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    line = min(error.problem_mark.line, len(lines) - 1)
    column = error.problem_mark.column
    if line != error.problem_mark.line:
        column = len(lines[line])
    message = str(error.problem)
    if error.context:
        message = f"{error.context}: {message}"
    hint = _syntax_hint(lines[line], message)
    return Problem(file, line + 1, column + 1, "", f"not YAML: {message}", hint)


def _syntax_hint(line: str, message: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())] or line.startswith("\t"):
        return "YAML is indented with spaces, never with tabs"
    if re.search(r"(^|[\s\[,])\*:", line):
        return 'write "*:80" in quotes: a bare * begins an alias'
    if re.search(r"(^|[\s\[,])\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]:", line):
        return 'write "[::1]:80" in quotes: a bare [ begins a list'
    if "\t" in line:
        return "a tab may stand only inside a value; use spaces"
    if "<block end>" in message:
        return "the lines of one section are indented alike; this one fits none of those before it"
    if message.startswith("mapping values"):
        return "this line is indented too deep, or the text before this colon belongs in quotes"
    if "parsing a flow" in message:
        return "a comma is missing, or a { or [ is not closed"
    return ""


def plant_mapping(value: object, name: str, problems: list[Problem]) -> Branch:
    """Make a tree of plain Python values that were given in code; they have no lines.

    Args:
        value: mappings, sequences, text, numbers, booleans and None.
        name: stands for the file in messages.
        problems: receives what is no such value.
    """
    mark = Mark(name)

    def problem(path: Path, message: str) -> None:
        problems.append(Problem(name, 0, 0, dotted(path), message))

    def plant(item: object, path: Path) -> Branch:
        if len(path) > DEEPEST:
            problem(path, "values are nested too deeply")
            return Branch(None, mark)
        if isinstance(item, Mapping):
            branch = Branch({}, mark)
            for key, below in item.items():
                if isinstance(key, str):
                    branch.keys[key] = mark
                    branch.children[key] = plant(below, (*path, key))
                else:
                    problem(path, f"a key must be text, got {key!r}")
            branch.value = {key: child.value for key, child in branch.children.items()}
            return branch
        if isinstance(item, list | tuple):
            branch = Branch([], mark)
            branch.children = {i: plant(below, (*path, i)) for i, below in enumerate(item)}
            branch.value = [child.value for child in branch.children.values()]
            return branch
        if item is None or isinstance(item, str | bool | int):
            return Branch(item, mark)
        if isinstance(item, float):
            return Branch(WrittenFloat(item), mark)
        problem(path, f"a {type(item).__name__} is not a configuration value")
        return Branch(None, mark)

    return plant(value, ())
