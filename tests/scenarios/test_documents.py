"""What the documents show is what the program does."""

import re
from collections.abc import Iterator
from typing import Any

import click
import pytest

import pointsman
from kit.any_reactor import own_reactor, until
from kit.documents import is_configuration, sections, table
from kit.records import record
from kit.tree import TOP
from pointsman.app.access_log_formats import CombinedFormat, JsonFormat
from pointsman.app.cli import main
from pointsman.app.control.verbs import Verbs
from pointsman.app.loading import registry_with
from pointsman.app.redaction import Redaction
from pointsman.config.load import load_text
from pointsman.model import record as words

DOCS = TOP / "docs"
MINE = ["access-log.md", "command-line.md", "embedding.md", "passthrough.md", "tls.md"]


def blocks(document: str, language: str) -> Iterator[str]:
    text = (DOCS / document).read_text()
    yield from re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_records_of_the_access_log_look_as_shown() -> None:
    assert JsonFormat(Redaction()).line(record()) in blocks("access-log.md", "json")
    combined = CombinedFormat(Redaction()).line(record([(b"User-Agent", b"curl/7.88.1")]))
    assert combined in blocks("access-log.md", "text")


def test_every_field_and_every_termination_is_explained() -> None:
    text = (DOCS / "access-log.md").read_text()
    fields = re.findall(r'"(\w+)":', JsonFormat(Redaction(), ["a"]).line(record()))
    terminations = [
        value for name, value in vars(words).items() if name.isupper() and isinstance(value, str)
    ]
    for word in [*fields, *terminations]:
        assert f"`{word}`" in text, word


@pytest.mark.parametrize("document", MINE)
def test_configurations_are_valid(document: str) -> None:
    for text in filter(is_configuration, blocks(document, "yaml")):
        assert load_text(text, document, registry_with()).warnings == ()


def test_every_command_option_and_exit_status_is_explained() -> None:
    text = (DOCS / "command-line.md").read_text()
    for name, command in main.commands.items():
        assert f"`pointsman {name}" in text
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.opts[0] in text, f"{name} {option.opts[0]}"
    told = (main.help or "").split("Exit status:")[1]
    for status in re.findall(r"\b\d\b", told):
        assert f"| {status} |" in text


def test_what_is_shown_of_embedding_starts_and_stops() -> None:
    programs = list(blocks("embedding.md", "python"))
    assert len(programs) == 3
    for text in programs:
        namespace: dict[str, Any] = {}
        exec(compile(text, "embedding.md", "exec"), namespace)
        with own_reactor("epoll") as reactor:
            service = namespace["balancer"](reactor)
            service.startService()
            assert service.ports["site"][0] > 0
            if "drain" in namespace:
                assert "drain time ends in 5m" in namespace["drain"](service, "site/a")
            done: list[None] = []
            service.stopService().addCallback(done.append)
            until(reactor, lambda done=done: done)  # type: ignore[misc]


def test_every_public_member_of_the_service_is_explained() -> None:
    from pointsman.app.service import PointsmanService

    text = (DOCS / "embedding.md").read_text()
    own = [name for name in vars(PointsmanService) if not name.startswith("_") and name != "site"]
    for name in own:
        assert f"`{name}" in text, name


def test_every_verb_of_the_control_socket_is_explained() -> None:
    with own_reactor("epoll") as reactor:
        service: Any = pointsman.service({"version": 1, "virtual_services": {}}, reactor)
        known = Verbs(service.operating).names
    told = table(sections(DOCS / "operating.md")["The control socket"])
    assert sorted(row[0].strip("`") for row in told) == sorted(known)
