"""Counters and gauges that rules keep, by name and labels; a bounded number of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Problem = tuple[None, str]
MOST = 1000
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")


class RuleMetrics:
    """What the rules of one worker count.

    Beyond ``MOST`` of them, further labels of a name are counted together as "other".
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._values: list[float] = []
        self._kinds: list[str] = []

    def number(self, kind: str, words: str) -> int | Problem:
        """The number of a metric: its name and its labels, one ``label=value`` a line."""
        known = self._numbers.get(words)
        if known is not None:
            if self._kinds[known] != kind:
                return None, f"this metric is a {self._kinds[known]} already"
            return known
        name, *labels = words.split("\n")
        for one in [name, *(label.partition("=")[0] for label in labels)]:
            if not _NAME.fullmatch(one):
                return (
                    None,
                    f"names of metrics and labels have letters, digits, _: {one[:60]!r}",
                )
        if len(self._values) >= MOST:
            other = "\n".join([name, *(label.partition("=")[0] + "=other" for label in labels)])
            if words != other and other in self._numbers:
                return self._numbers[other]
            if len(self._values) >= 2 * MOST:
                return None, f"more than {2 * MOST} metrics"
            words = other
        self._numbers[words] = len(self._values)
        self._values.append(0.0)
        self._kinds.append(kind)
        return len(self._values) - 1

    def change(self, number: int, value: float) -> None:
        """Count up a counter, or set a gauge."""
        if self._kinds[number] == "counter":
            self._values[number] += value
        else:
            self._values[number] = float(value)

    @property
    def values(self) -> Mapping[str, float]:
        """All of them, as ``name{label="value"}``."""
        return {_words(words): self._values[at] for words, at in self._numbers.items()}

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What the prelude calls, by name."""
        return {"metric": self.number, "metric_change": self.change}


def _words(words: str) -> str:
    name, *labels = words.split("\n")
    told = ",".join('{}="{}"'.format(*label.split("=", 1)) for label in labels)
    return f"{name}{{{told}}}" if told else name
