"""Several files to one tree: ``include`` is followed, and sections are merged by name."""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from ruamel.yaml import YAML

from pointsman.config.parts import Part, Parts, parse_parts
from pointsman.config.steps import Steps
from pointsman.config.tree import Branch, Mark, Path, dotted
from pointsman.model.errors import ConfigError, Problem

INCLUDE = "include"
VERSION = "version"


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it was read.

    Attributes:
        name: its path as it was given, or made from the including file's.
        text: what stood in it, ends of lines and a byte order mark included.
    """

    name: str
    text: str

    def document(self) -> Any:
        """The file as ruamel.yaml's round-trip document, to be changed and written back."""
        return YAML(typ="rt").load(self.text)


@dataclass(slots=True)
class Gathered:
    """All files of a configuration in one tree.

    Attributes:
        root: the merged tree, without ``include``.
        sources: the files in the order in which they were read.
        problems: what is wrong so far.
        warnings: what is only suspicious.
        parts: of all files, by their text.
        patterns: of included files, absolute.
    """

    root: Branch
    sources: list[Source] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)


def read_file(path: File) -> str:
    """The text of a file.

    Raises:
        ValueError: it cannot be read; says why.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    except ValueError as error:  # a NUL in the name
        raise ValueError(str(error)) from None


def plain_text(text: str) -> str:
    """The same without what makes no difference."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def gather(text: str, name: str, before: Parts) -> Steps[Gathered]:
    """Read a configuration and everything that it includes, in steps.

    Args:
        text: of the first file.
        name: its path; included files are relative to it.
        before: what was read before, not to be read again.

    Raises:
        ConfigError: the first file is not YAML or not a mapping.
    """
    gathered = Gathered(Branch({}, Mark(name, 1, 1)))
    yield from _Gatherer(gathered, before).take(text, File(name), ())
    gathered.root.value = {key: child.value for key, child in gathered.root.children.items()}
    return gathered


class _Gatherer:
    def __init__(self, gathered: Gathered, before: Parts) -> None:
        self._gathered = gathered
        self._before = before
        self._seen: set[File] = set()

    def take(self, text: str, path: File, including: tuple[File, ...]) -> Steps[None]:
        """Merge one file; ``including`` are the files that led to it, resolved."""
        gathered = self._gathered
        gathered.sources.append(Source(str(path), text))
        tree = yield from parse_parts(
            plain_text(text), str(path), gathered.problems, self._before, gathered.parts
        )
        if tree.value is None:
            tree.value = {}
        if not isinstance(tree.value, dict):
            message = "a configuration is a mapping (key: value) of sections"
            self._problem(tree.mark, (), message)
            return
        resolved = path.resolve()
        self._seen.add(resolved)
        included = tree.children.pop(INCLUDE, None)
        if including and VERSION in tree.children and VERSION in gathered.root.children:
            version = tree.children.pop(VERSION)  # every file may say it, if it is the same
            if version.value != gathered.root.children[VERSION].value:
                self._problem(version.mark, (VERSION,), "not the version of the including file")
        self._merge(tree)
        if included is not None and included.value is not None:
            yield from self._follow(included, path, (*including, resolved))

    def _merge(self, tree: Branch) -> None:
        root = self._gathered.root
        for key, child in tree.children.items():
            there = root.children.get(key)
            if there is None or there.value is None:
                root.children[key] = Branch(
                    child.value, child.mark, dict(child.children), dict(child.keys)
                )
                root.keys[key] = tree.keys[key]
            elif isinstance(there.value, dict) and isinstance(child.value, dict):
                self._merge_names(there, child, (key,))
            elif isinstance(there.value, list) and isinstance(child.value, list):
                for item in child.children.values():
                    there.children[len(there.children)] = item
                there.value = [item.value for item in there.children.values()]
            elif child.value is not None:
                message = f"defined twice, first at {root.keys[key]}"
                self._problem(tree.keys[key], (key,), message, "keep one of the two")

    def _merge_names(self, there: Branch, more: Branch, path: Path) -> None:
        for name, child in more.children.items():
            if name in there.children:
                message = f"defined twice, first at {there.keys[name]}"
                self._problem(more.keys[name], (*path, name), message, "keep one of the two")
            else:
                there.children[name] = child
                there.keys[name] = more.keys[name]
        there.value = {name: child.value for name, child in there.children.items()}

    def _follow(self, included: Branch, path: File, including: tuple[File, ...]) -> Steps[None]:
        if isinstance(included.value, list):
            wanted = list(included.children.values())
        else:
            wanted = [included]
        for item in wanted:
            if not isinstance(item.value, str) or not item.value:
                self._problem(item.mark, (INCLUDE,), "expected a file name or a list of them")
            else:
                yield from self._include(item.value, item.mark, path.parent, including)

    def _include(
        self, pattern: str, mark: Mark, folder: File, including: tuple[File, ...]
    ) -> Steps[None]:
        if glob.has_magic(pattern):
            self._gathered.patterns.append(str(folder.absolute() / pattern))
            found = sorted(glob.glob(pattern, root_dir=folder, recursive=True))
            if not found:
                message = f"no file matches {pattern!r}"
                warning = Problem(mark.file, mark.line, mark.column, INCLUDE, message)
                self._gathered.warnings.append(warning)
        else:
            found = [pattern]
        for name in found:
            yield from self._include_file(folder / name, mark, including)

    def _include_file(self, path: File, mark: Mark, including: tuple[File, ...]) -> Steps[None]:
        try:
            resolved = path.resolve()
            if resolved in including:
                circle = " -> ".join(file.name for file in (*including, resolved))
                self._problem(mark, (INCLUDE,), f"files include each other: {circle}")
            elif resolved not in self._seen:
                yield from self.take(read_file(path), path, including)
        except ConfigError as error:
            self._gathered.problems.extend(error.problems)
        except (ValueError, OSError, RuntimeError) as error:
            hint = "names are relative to the including file"
            self._problem(mark, (INCLUDE,), f"cannot read {str(path)!r}: {error}", hint)

    def _problem(self, mark: Mark, path: Path, message: str, hint: str = "") -> None:
        problem = Problem(mark.file, mark.line, mark.column, dotted(path), message, hint)
        self._gathered.problems.append(problem)
