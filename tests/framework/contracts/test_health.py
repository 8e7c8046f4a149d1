"""Verdicts: said once, in words, and not taken back."""

import dataclasses

import pytest

from pointsman.contracts import Verdict


def test_a_verdict_does_not_change() -> None:
    verdict = Verdict(False, "403 not among accepted 200-299")
    assert verdict == Verdict(False, "403 not among accepted 200-299")
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.up = True  # type: ignore[misc]
