"""The documents and the program say the same: keys, defaults, options, hooks, commands, links."""

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kit.documents import MARK_WRONG, blocks, is_configuration, sections, table, tables
from kit.tree import TOP
from pointsman import hookspecs
from pointsman.app.cli import main
from pointsman.app.loading import registry_with
from pointsman.config.build import build
from pointsman.config.load import load_text
from pointsman.config.offered import Offered
from pointsman.config.reference import reference, rows
from pointsman.config.registry import Registry
from pointsman.config.schema import AccessLogSection, ControlSection, ResolverSection
from pointsman.config.schema_explain import ExplainSection
from pointsman.config.schema_health import TimingSection
from pointsman.config.schema_outliers import OutliersSection
from pointsman.config.schema_persistence import PersistenceSection
from pointsman.config.schema_pool import PoolSection, ServerSection
from pointsman.config.schema_queue import QueueSection
from pointsman.config.schema_retries import RetriesSection
from pointsman.config.schema_service import (
    DefaultsSection,
    ForwardingSection,
    LimitsSection,
    ServiceSection,
    TimeoutsSection,
)
from pointsman.config.schema_when_down import WhenDownSection
from pointsman.config.sections import document_with
from pointsman.model.units import format_duration
from pointsman_rules.routes import settings as routes
from pointsman_rules.routes import when
from pointsman_rules.routes.fields import ValuePattern
from pointsman_ssl.client_certificates import ClientCertificateSettings
from pointsman_ssl.modes import HstsSettings, OffloadSettings, ReencryptSettings, UpstreamSettings
from pointsman_ssl.policy import CustomPolicy
from pointsman_ssl.settings import OcspSettings

DOCS = TOP / "docs"
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

# Heading of a table in configuration.md -> the model whose keys it tells.
MODELS: Mapping[str, type[BaseModel]] = {
    "virtual_services": ServiceSection,
    "defaults": DefaultsSection,
    "timeouts": TimeoutsSection,
    "limits": LimitsSection,
    "forwarding": ForwardingSection,
    "pools": PoolSection,
    "servers": ServerSection,
    "queue": QueueSection,
    "when_down": WhenDownSection,
    "outliers": OutliersSection,
    "retries": RetriesSection,
    "health": TimingSection,
    "explain": ExplainSection,
    "resolver": ResolverSection,
    "control": ControlSection,
    "access_log": AccessLogSection,
}

# Page, heading and number of the table below it -> the model whose keys it tells.
TLS_MODELS: Mapping[tuple[str, str, int], type[BaseModel]] = {
    ("tls.md", "Toward clients (offload, reencrypt)", 0): OffloadSettings,
    ("tls.md", "HSTS", 0): HstsSettings,
    ("tls.md", "Certificates of clients", 0): ClientCertificateSettings,
    ("tls.md", "Toward servers (reencrypt, originate)", 0): UpstreamSettings,
    ("tls.md", "Policies", 1): CustomPolicy,
    ("certificates.md", "OCSP stapling", 0): OcspSettings,
}

# Model and key where the default that a user meets is not written in the model.
TOLD_OTHERWISE = {
    ("TimeSettings", "days"): "all",
    ("TimeSettings", "since"): '`"00:00"`',
    ("TimeSettings", "until"): '`"24:00"`',
    ("MaintenanceSettings", "body"): "a sentence",
    ("CorsSettings", "methods"): "`[GET, HEAD, POST]`",
    ("SecuritySettings", "remove"): "`[Server, X-Powered-By]`",
    ("Document", "version"): "required",  # there is one for configurations given in code
    ("Document", "access_log"): "off",
    ("Document", "control"): "see below",
    ("Document", "lua"): "see below",
    ("HttpSettings", "method"): "`HEAD`",  # what None stands for is told beside it
    ("HttpSettings", "host"): "the server's address",
    ("HttpSettings", "accept"): "`200-299, 301, 302, 401`",
    ("", "table"): "`memory` or `lmdb`",  # of every persistence
    ("TableSettings", "table"): "`memory`",
    ("RateLimitSettings", "table"): "none",
    ("LmdbTableSettings", "path"): "`pins` in `state_dir`",
    ("ValkeyTableSettings", "ca"): "the system's",
    ("ValkeyTableSettings", "tls_name"): "host of `server`",
    ("HttpsSettings", "method"): "`HEAD`",
    ("HttpsSettings", "host"): "the server's address",
    ("HttpsSettings", "accept"): "`200-299, 301, 302, 401`",
    ("DnsSettings", "accept"): "`NOERROR, NXDOMAIN`",
    ("ExecSettings", "accept"): "`0`",
    ("ClientCertificateSettings", "forward"): "`subject, issuer, serial, fingerprint`",
    ("CustomPolicy", "ciphers"): "as `intermediate`",
    ("CustomPolicy", "suites"): "as `intermediate`",
    ("CustomPolicy", "groups"): "`X25519MLKEM768, X25519, P-256, P-384`",
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_with()


def configurations() -> Iterator[Any]:
    for page in PAGES:
        for number, text in enumerate(blocks(page, "yaml")):
            if is_configuration(text):
                yield pytest.param(page, text, id=f"{page.name}-{number}")


@pytest.mark.parametrize(("page", "text"), [*configurations()])
def test_a_configuration_that_is_shown_is_fine(page: Path, text: str, registry: Registry) -> None:
    configuration = load_text(text, page.name, registry)
    assert configuration.warnings == ()
    if "certificates" not in configuration.settings.model_fields_set:  # whose files are not here
        build(configuration, registry)


def test_the_errors_that_are_shown_are_those_that_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DOCS / "configuration.md"
    (wrong,) = (text for text in blocks(page, "yaml") if text.startswith(MARK_WRONG))
    monkeypatch.chdir(tmp_path)
    Path("site.yaml").write_text(wrong)
    result = CliRunner().invoke(main, ["check", "site.yaml"])
    assert result.exit_code == 1
    assert result.output in blocks(page, "text")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path) -> None:
    text = page.read_text()
    code = "\n".join([*re.findall(r"`([^`\n]+)`", text), *blocks(page, "sh")])
    with main.make_context("pointsman", ["--help"], resilient_parsing=True) as context:
        known = {*main.list_commands(context), "COMMAND"}
    # What begins a command: a line, or the path of an environment.
    for command in re.findall(r"^(?:\S*/)?pointsman ([A-Za-z]+)", code, re.MULTILINE):
        assert command in known, command
    targets = re.findall(r"^([\w-]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"^make ([\w-]+)", code, re.MULTILINE):
        assert target in targets, target


# ---- configuration.md ----


def told_default(field: FieldInfo) -> str:
    """How the default of an option is written in a table."""
    default, factory = field.default, field.default_factory
    if field.is_required():
        return "required"
    if inspect.isclass(factory) and issubclass(factory, BaseModel):
        return "see below"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if factory is not None or default in (None, "", (), {}):
        return "none"
    # A plugin writes its durations as floats, in seconds.
    return f"`{format_duration(default) if isinstance(default, float) else default}`"


def told_defaults(model: type[BaseModel]) -> dict[str, str]:
    return {
        name: TOLD_OTHERWISE.get((model.__name__, name))
        or TOLD_OTHERWISE.get(("", name))
        or told_default(field)
        for name, field in model.model_fields.items()
    }


def tabled(page: Path, heading: str) -> dict[str, str]:
    """Key -> default, of the table below that heading."""
    return {key.strip("`"): default for key, default, *_ in table(sections(page)[heading])}


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_of_the_configuration_is_told_with_its_default(heading: str) -> None:
    assert tabled(DOCS / "configuration.md", heading) == told_defaults(MODELS[heading])


def test_the_reference_is_what_the_models_say(registry: Registry) -> None:
    made = "pointsman schema --markdown > docs/configuration-reference.md"
    told = (DOCS / "configuration-reference.md").read_text()
    assert told == reference(registry), f"the settings have changed: run `{made}`"


def test_every_key_says_what_it_is_for(registry: Registry) -> None:
    silent = [where for where, node in rows(registry) if not node.get("description")]
    assert silent == [], "give its field a description"


def test_every_key_has_an_example_or_a_table_of_its_own() -> None:
    page = DOCS / "configuration-reference.md"
    without = [
        line
        for line in page.read_text().splitlines()
        if re.fullmatch(r"\| `\w+` \| .* \|  \| .*", line) and "[mapping](#" not in line
    ]
    assert without == [], "give its field examples"


def test_the_keys_of_every_persistence_are_told_with_their_defaults() -> None:
    assert tabled(DOCS / "persistence.md", "Every kind") == told_defaults(PersistenceSection)


def test_every_section_is_told_with_its_keys(registry: Registry) -> None:
    page = DOCS / "configuration.md"
    assert tabled(page, "Top level") == told_defaults(document_with(registry))
    for name, section in registry.sections.items():
        if section.distribution.startswith("pointsman "):
            # A mapping from names to settings, or settings alone.
            model = [section.settings, *get_args(section.settings)][-1]
            assert tabled(page, name) == told_defaults(model)


def test_every_model_of_the_framework_has_its_table() -> None:
    found = {
        model
        for module in (
            "pointsman.config.schema",
            "pointsman.config.schema_health",
            "pointsman.config.schema_pool",
            "pointsman.config.schema_outliers",
            "pointsman.config.schema_queue",
            "pointsman.config.schema_retries",
            "pointsman.config.schema_when_down",
            "pointsman.config.schema_service",
        )
        for model in vars(__import__(module, fromlist=["*"])).values()
        if inspect.isclass(model) and issubclass(model, BaseModel) and model.__name__ != "Settings"
    }
    assert {model.__name__ for model in found} - {"Document"} == {
        model.__name__ for model in MODELS.values()
    }


# ---- what plugins offer ----


@pytest.mark.parametrize(
    ("family", "page", "beside"),
    [
        ("schedulers", "scheduling.md", set()),
        ("persistences", "persistence.md", set()),
        ("tables", "persistence.md", {"timeout", "max_age"}),  # given by the persistence
        ("health_checks", "health-checks.md", set()),
    ],
)
def test_everything_in_the_box_is_told_with_its_options(
    family: str, page: str, beside: set[str], registry: Registry
) -> None:
    offers: Mapping[str, Offered] = getattr(registry, family)
    ours = {name: o for name, o in offers.items() if o.distribution.startswith("pointsman ")}
    assert ours
    for name, offer in ours.items():
        expected = told_defaults(offer.settings)
        for key in beside:
            del expected[key]
        assert tabled(DOCS / page, name) == expected, name


def test_every_tls_mode_in_the_box_is_told(registry: Registry) -> None:
    ours = {
        name for name, o in registry.tls_modes.items() if o.distribution.startswith("pointsman ")
    }
    assert {*tabled(DOCS / "configuration.md", "tls")} == ours


@pytest.mark.parametrize(("page", "heading", "number"), TLS_MODELS)
def test_every_key_of_tls_is_told_with_its_default(page: str, heading: str, number: int) -> None:
    model = TLS_MODELS[page, heading, number]
    expected = told_defaults(model)
    if model is OffloadSettings:
        assert told_defaults(ReencryptSettings) == {**expected, "upstream": "see below"}
    found = list(tables(sections(DOCS / page)[heading]))[number]
    assert {key.strip("`"): default for key, default, *_ in found} == expected


# ---- rules.md ----

# Heading of a table in rules.md -> the model whose keys it tells.
RULE_MODELS: Mapping[str, type[BaseModel]] = {
    "route": routes.RouteSettings,
    "when": when.WhenSettings,
    "pattern": ValuePattern,
    "share": when.ShareSettings,
    "time": when.TimeSettings,
    "redirect": routes.RedirectSettings,
    "respond": routes.RespondSettings,
    "maintenance": routes.MaintenanceSettings,
    "rewrite": routes.RewriteSettings,
    "headers": routes.HeadersSettings,
    "location": routes.LocationSettings,
    "set_cookie": routes.SetCookieSettings,
    "basic_auth": routes.BasicAuthSettings,
    "rate_limit": routes.RateLimitSettings,
    "cors": routes.CorsSettings,
    "security_headers": routes.SecuritySettings,
}


@pytest.mark.parametrize("heading", RULE_MODELS)
def test_every_key_of_rules_is_told_with_its_default(heading: str) -> None:
    model = RULE_MODELS[heading]
    expected = {model.model_fields[key].alias or key: d for key, d in told_defaults(model).items()}
    assert tabled(DOCS / "rules.md", heading) == expected


# ---- hooks.md ----


def hooks() -> dict[str, list[str]]:
    """Every hook with the names of its arguments, in order."""
    return {
        name: list(inspect.signature(function).parameters)
        for name, function in vars(hookspecs).items()
        if hasattr(function, "pointsman_spec")
    }


def test_every_hook_is_told_with_its_exact_arguments_in_order() -> None:
    page = DOCS / "hooks.md"
    told = [
        (match[1], re.findall(r"\w+", match[2]))
        for heading in sections(page)
        if (match := re.fullmatch(r"`(\w+)\((.*)\)`", heading))
    ]
    assert told == list(hooks().items())
    for name, arguments in told:
        rows = table(sections(page)[f"`{name}({', '.join(arguments)})`"])
        assert [row[0].strip("`") for row in rows] == arguments, name


# ---- form ----


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_table_has_its_head_and_all_its_cells(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for found in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        rows = found.splitlines()
        assert re.fullmatch(r"\|(?: ?-+ ?\|)+", rows[min(1, len(rows) - 1)]), rows[0]
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(cells) == 1, rows[0]


# ---- links ----


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page."""
    return {
        re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in sections(page)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    missing = [
        page.name
        for page in DOCS.glob("*.md")
        if page.name != "README.md" and f"]({page.name})" not in index
    ]
    assert missing == []
