"""``pointsman schema``: JSON Schema with what plugins offer."""

import json

from click.testing import CliRunner

from pointsman.app.cli import main


def test_it_prints_a_schema_that_knows_the_plugins() -> None:
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["$schema"].endswith("2020-12/schema")
    assert "least_connections" in result.stdout
