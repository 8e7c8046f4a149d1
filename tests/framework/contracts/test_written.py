"""What people are told of settings is in the JSON Schema: words of types, and docstrings."""

from typing import Annotated, Any

from pydantic import Field

from pointsman.contracts import Duration, Settings, Written
from pointsman.contracts.written import EXAMPLE, WRITTEN, attributes


class Inherited(Settings):
    """What others have too.

    Attributes:
        wait: how long, in
            two lines.
        told: what the docstring says.
    """

    wait: Duration = 1.0
    told: str = Field(default="", description="what the field says")


class Colour(Settings):
    """How it looks.

    Attributes:
        hue, tint: of it.
        begins: how it does.
    """

    hue: int = 0
    tint: Annotated[str, Written("colour", "#fff")] = ""
    starts: str = Field(default="", alias="begins")


class Mixed(Inherited, Colour):
    """Both of them."""

    mine: int = 0


def properties(model: type[Settings]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    return found


def test_docstrings_tell_what_fields_do_not() -> None:
    told = properties(Inherited)
    assert told["wait"]["description"] == "how long, in two lines"
    assert told["told"]["description"] == "what the field says"


def test_the_description_of_a_model_is_without_its_attributes() -> None:
    assert Inherited.model_json_schema()["description"] == "What others have too."
    assert Mixed.model_json_schema()["description"] == "Both of them."


def test_several_names_share_an_entry_and_bases_tell_too() -> None:
    told = properties(Mixed)
    assert told["hue"]["description"] == told["tint"]["description"] == "of it"
    assert told["wait"]["description"] == "how long, in two lines"
    assert "description" not in told["mine"]


def test_an_alias_is_told_by_the_name_of_its_field() -> None:
    class Renamed(Settings):
        """One.

        Attributes:
            starts: how it does.
        """

        starts: str = Field(default="", alias="from")

    assert properties(Renamed)["from"]["description"] == "how it does"
    assert attributes(Renamed) == {"starts": "how it does"}


def test_a_type_says_how_it_is_written() -> None:
    told = properties(Mixed)
    assert (told["tint"][WRITTEN], told["tint"][EXAMPLE]) == ("colour", "#fff")
    assert told["wait"][WRITTEN] == "duration"
    assert Mixed.model_validate({"wait": "2s", "tint": "red"}).tint == "red"


def test_a_model_without_a_docstring_is_one() -> None:
    class Bare(Settings):
        key: int = 0

    Bare.__doc__ = None
    assert attributes(Bare) == {}
    assert set(properties(Bare)) == {"key"}
