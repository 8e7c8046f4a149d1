"""What ``pointsman new`` writes: a template of ours with the values of its parameters put in.

A template is YAML with lines in front that begin with ``#:``. The first names the template, its
version and what it is for; each further one a parameter with its default. ``{{name}}`` stands for
a value. A line with ``{{name[]}}`` is repeated for each item of a list, ``{{n}}`` counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from pointsman.config.nearest import nearest
from pointsman.model.errors import PointsmanError

_FOLDER = "pointsman.app.templates"
_HEAD = re.compile(r"#: template (?P<name>\w+) (?P<version>\d+): (?P<doc>.+)")
_PARAMETER = re.compile(r"#: (?P<name>\w+) = (?P<default>.+?): (?P<doc>[^:].*)")
_HOLE = re.compile(r"\{\{(\w+)(\[\])?\}\}")
# A value stands in the middle of YAML: what would end it or begin something else is refused.
_VALUE = re.compile(r"[\w.:/*@%+~ \[\]-]*")


class TemplateError(PointsmanError):
    """There is no such template or parameter, or a value cannot stand in YAML as it is."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a template wants to know.

    Attributes:
        name: as it is given.
        default: what is taken otherwise.
        doc: one line for people.
    """

    name: str
    default: str
    doc: str


@dataclass(frozen=True, slots=True)
class Template:
    """A configuration to begin with.

    Attributes:
        name: what it is asked for by.
        version: raised whenever it changes.
        doc: what it is for.
        parameters: what may be given.
        body: the YAML, with holes.
    """

    name: str
    version: int
    doc: str
    parameters: tuple[Parameter, ...]
    body: str

    def text(self, values: Mapping[str, str]) -> str:
        """The configuration.

        Args:
            values: by parameter; what is left out has its default.

        Raises:
            TemplateError: a parameter is unknown, or a value cannot stand in YAML.
        """
        known = {parameter.name: parameter.default for parameter in self.parameters}
        for name, value in values.items():
            if name not in known:
                raise TemplateError(
                    f"template {self.name} has no parameter {name!r}; {nearest(name, known)}"
                )
            if not _VALUE.fullmatch(value.replace(",", "")):
                raise TemplateError(
                    f"{name}: {value!r} cannot be written as it is; put it into the file by hand"
                )
        lines = [f"# Made by `pointsman new {self.name}` (template version {self.version})."]
        for line in self.body.splitlines():
            lines += _filled(line, {**known, **values})
        return "\n".join(lines) + "\n"


def known_templates() -> tuple[Template, ...]:
    """All templates, by name."""
    found = [
        _read(file.read_text("utf-8"))
        for file in files(_FOLDER).iterdir()
        if file.name.endswith(".yaml")
    ]
    return tuple(sorted(found, key=lambda template: template.name))


def template(name: str) -> Template:
    """The template of that name.

    Raises:
        TemplateError: there is none.
    """
    known = {each.name: each for each in known_templates()}
    if name not in known:
        raise TemplateError(f"there is no template {name!r}; {nearest(name, known)}")
    return known[name]


def _read(text: str) -> Template:
    lines = text.splitlines()
    head = _HEAD.fullmatch(lines[0])
    if head is None:
        raise ValueError(f"not the first line of a template: {lines[0]!r}")
    parameters = []
    place = 1
    while match := _PARAMETER.fullmatch(lines[place]):
        parameters.append(Parameter(match["name"], match["default"], match["doc"]))
        place += 1
    body = "\n".join(lines[place:])
    return Template(head["name"], int(head["version"]), head["doc"], tuple(parameters), body)


def _filled(line: str, values: Mapping[str, str]) -> Iterator[str]:
    lists = [name for name, is_list in _HOLE.findall(line) if is_list]
    if not lists:
        yield _HOLE.sub(lambda hole: values[hole[1]], line)
        return
    items = [item.strip() for item in values[lists[0]].split(",") if item.strip()]
    for number, item in enumerate(items, 1):
        here = {**values, lists[0]: item, "n": str(number)}
        yield _HOLE.sub(lambda hole, here=here: here[hole[1]], line)  # type: ignore[misc]
