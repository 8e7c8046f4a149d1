"""Results of the lab as JUnit XML, for machines that collect them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from pointsman_rules.lab.playing import Result


def junit(results: Sequence[Result]) -> str:
    """The results as one test suite."""
    failed = [one for one in results if one.problems]
    suite = ElementTree.Element(
        "testsuite", name="rules", tests=str(len(results)), failures=str(len(failed))
    )
    for one in results:
        case = ElementTree.SubElement(suite, "testcase", classname=one.file, name=one.case)
        if one.problems:
            failure = ElementTree.SubElement(case, "failure", message=one.problems[0])
            failure.text = "\n".join(one.problems)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, "unicode", xml_declaration=True) + "\n"
