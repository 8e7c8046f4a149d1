"""What can be said of a rule file without running it in earnest."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pointsman_rules.clocks import Clocks
from pointsman_rules.files import RuleFile
from pointsman_rules.generation import Generation, LoadError, Place, line_of
from pointsman_rules.lab.lexing import KEYWORDS, Word, words
from pointsman_rules.limits import Engine, Limits
from pointsman_rules.patterns import PatternError, shape
from pointsman_rules.pool_functions import PoolFunctions
from pointsman_rules.rule_metrics import RuleMetrics

ENGINES: tuple[Engine, ...] = ("lua54", "lua55", "luajit")
PATTERN_WORK = 2_000_000
# A pattern is told of if texts that are longer than this will be refused.
SHORT = 500
_OF_PATTERNS = frozenset(["find", "match", "gmatch", "gsub"])


class Remark(NamedTuple):
    """Something to be said of a file: its line (0 for none), whether it is an error, and what."""

    line: int
    error: bool
    text: str


def check(path: Path, options: str = "") -> list[Remark]:
    """Everything that can be said of a rule file.

    Args:
        path: of the file.
        options: in JSON; without them what needs options is not counted as an error.
    """
    source = path.read_bytes()
    found = list(_compiled(RuleFile(path.name, path, source, options)))
    text = source.decode("latin-1")
    known = _place_and_runtime("lua54").runtime.globals
    return sorted([*found, *_unknown(text, known), *_costly(text)])


def _place_and_runtime(engine: Engine, files: Sequence[RuleFile] = ()) -> Generation:
    place = Place(
        "check", Clocks(lambda: 0.0, lambda: 0.0), PoolFunctions(), {}, {}, RuleMetrics(),
        lambda level, text, where, request_id: None,
    )  # fmt: skip
    return Generation(files, engine, Limits(), place, lambda owner, delay, every: 1)


def _compiled(file: RuleFile) -> Iterator[Remark]:
    seen: set[str] = set()
    for engine in ENGINES:
        try:
            _place_and_runtime(engine, [file])
        except LoadError as error:
            told = str(error)
            if error.option and not file.options:
                continue  # the configuration will tell
            if "there is no table" in told or "there is no list" in told:
                continue  # likewise
            if told not in seen:
                seen.add(told)
                yield Remark(line_of(told), True, f"{told} ({engine})")


def _unknown(text: str, known: frozenset[str]) -> Iterator[Remark]:
    """Names that are neither declared anywhere in the file nor globals."""
    all_words = list(words(text))
    declared = set(known | KEYWORDS)
    for at, word in enumerate(all_words):
        if word.kind == "name" and word.text in ("local", "for", "function"):
            declared.update(_declared(all_words, at + 1))
        elif _is_assigned(all_words, at):
            declared.add(word.text)
    told: set[str] = set()
    for at, word in enumerate(all_words):
        if word.kind != "name" or word.text in declared or word.text in told:
            continue
        before = all_words[at - 1].text if at else ""
        after = all_words[at + 1].text if at + 1 < len(all_words) else ""
        if before in (".", ":") or after == "=":
            continue  # a field
        told.add(word.text)
        yield Remark(word.line, True, f"there is no global '{word.text}'")


def _declared(all_words: list[Word], at: int) -> Iterator[str]:
    """Names after `local`, `for` or `function`, parameters included."""
    while at < len(all_words):
        word = all_words[at]
        if word.kind == "name" and word.text not in KEYWORDS:
            yield word.text
        elif word.text not in (",", "(", ".", ":", "...", "<", ">", "function"):
            return
        at += 1


def _is_assigned(all_words: list[Word], at: int) -> bool:
    """Whether a global is set there: a statement begins with its name and `=`."""
    word = all_words[at]
    if word.kind != "name" or at + 1 >= len(all_words) or all_words[at + 1].text != "=":
        return False
    before = all_words[at - 1] if at else Word("sign", ";", 0)
    # Inside of a table the same words are a field: that comes after "{" or ",".
    return before.text not in (".", ":", "{", ",") and word.text not in KEYWORDS


def _costly(text: str) -> Iterator[Remark]:
    """Patterns that cannot be used on long texts."""
    all_words = list(words(text))
    for at, word in enumerate(all_words[:-2]):
        if word.kind != "name" or word.text not in _OF_PATTERNS or at < 1:
            continue
        after = all_words[at + 1 : at + 10]
        pattern: Word | None = None
        if after[0].text == "(" and all_words[at - 1].text == ":" and after[1].kind == "string":
            pattern = after[1]
        elif after[0].text == "(" and all_words[at - 1].text == ".":
            # The pattern is the second argument; the first one is told in a few words.
            pairs = itertools.pairwise(after)
            pattern = next((b for a, b in pairs if a.text == "," and b.kind == "string"), None)
        if pattern is None or (word.text == "find" and _is_plain(all_words, at)):
            continue
        try:
            degree, doublings = shape(pattern.text)
        except PatternError as error:
            yield Remark(pattern.line, True, str(error))
            continue
        longest = int((PATTERN_WORK / 2**doublings) ** (1 / degree)) if doublings < 21 else 0
        if longest < SHORT:
            told = f"the pattern '{pattern.text}' is refused on texts above {longest} bytes"
            yield Remark(pattern.line, False, f"{told}: text.re takes linear time")


def _is_plain(all_words: list[Word], at: int) -> bool:
    rest = [one.text for one in all_words[at : at + 9]]
    return "true" in rest[: rest.index(")") if ")" in rest else None]
