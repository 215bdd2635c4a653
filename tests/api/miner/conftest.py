"""What the tests of commands share."""

import pytest

MODULE = "custom_components.xmrig.api.miner"


@pytest.fixture(autouse=True)
def pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at miners as often as they are quick."""
    monkeypatch.setattr(f"{MODULE}.CONFIRM_INTERVAL", 0.002)
    monkeypatch.setattr(f"{MODULE}.SETTLE", 0.02)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait in vain no longer than a test can bear."""
    monkeypatch.setattr(f"{MODULE}.CONFIRM_TIMEOUT", 0.1)
