"""Hints name the nearest word, or all that there are."""

from pointsman.config.nearest import nearest


def test_the_nearest_word_is_asked_for() -> None:
    assert nearest("sheduling", ["scheduling", "servers"]) == "did you mean `scheduling`?"


def test_a_few_words_are_listed_when_nothing_is_near() -> None:
    assert nearest("xyz", ["b", "a"], "pools here") == "pools here: a, b"


def test_many_words_are_not_all_listed() -> None:
    assert nearest("?", [f"word{i:02}" for i in range(28)]).endswith("word19 and 8 more")


def test_nothing_known_is_said_as_well() -> None:
    assert nearest("x", [], "pools here") == "pools here: none"
