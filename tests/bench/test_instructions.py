"""Costs are summed up by the function that has them, without what it calls."""

from bench.instructions import CountedPointsman, by_function
from bench.rivals import Pointsman

DUMP = """\
version: 1
events: Ir
fl=loop.c
fn=serve
10 300
cfn=read'2
calls=7 0
10 9000
11 20
fn=read'2
5 8000
fn=read
5 1000
totals: 9320
"""


def test_costs_are_summed_by_function() -> None:
    assert by_function(DUMP.splitlines()) == {"serve": 320, "read": 9000}


def test_under_valgrind_it_is_given_time_to_start() -> None:
    assert CountedPointsman.seconds_to_start > Pointsman.seconds_to_start
