"""The machine in words."""

import platform

from bench.machine import cpu_model, described


def test_the_processor_is_named() -> None:
    assert cpu_model("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t: fpu\n") == "AMD EPYC"
    assert cpu_model("Processor\t: 0\n") == platform.machine()


def test_the_description_names_cores_and_python_and_no_date() -> None:
    text = "\n".join(described([]))
    assert "cores of" in text
    assert platform.python_version() in text
