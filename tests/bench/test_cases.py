"""The cases are whole: names, rivals, targets."""

import pytest
from bench.cases import ALL, BROWSER_HEADERS, CASES, IdleCase, LoadCase
from bench.rivals import POINTSMAN, RIVALS


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_case_names_rivals_that_exist_and_can_do_it(case: LoadCase | IdleCase) -> None:
    assert {*case.rivals} <= {*RIVALS}
    assert all(case.needs <= RIVALS[name].offers for name in case.rivals)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_target_is_against_someone_who_takes_part(case: LoadCase | IdleCase) -> None:
    assert {t.against for t in case.targets} - {None} <= {*case.rivals} - {POINTSMAN}


def test_no_two_cases_share_a_name() -> None:
    assert len(CASES) == len(ALL)


def test_a_browser_sends_ten_headers_with_host() -> None:
    names = {header.partition(":")[0] for header in BROWSER_HEADERS} | {"Host"}
    assert len(names) == 10
    assert "Cookie" in names
