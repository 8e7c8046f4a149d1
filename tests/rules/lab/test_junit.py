"""Results as JUnit XML."""

from xml.etree import ElementTree

from pointsman_rules.lab.junit import junit
from pointsman_rules.lab.playing import Result


def test_failures_are_told_with_all_that_was_wrong() -> None:
    told = [Result("a", "good <>", ()), Result("a", "bad", ("one", "two & more"))]
    suite = ElementTree.fromstring(junit(told))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite
    assert (good.get("name"), len(good)) == ("good <>", 0)
    assert bad[0].text == "one\ntwo & more"
