"""What a pool is told beside its servers."""

from __future__ import annotations

from pointsman.model.pool_settings import PoolSettings


def test_design_5_3_the_defaults() -> None:
    settings = PoolSettings()
    assert settings.drain_time == 300.0
    assert (settings.drop_at_drain_end, settings.drop_on_fail) == (False, False)
