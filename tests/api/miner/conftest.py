"""What the tests of commands share."""

import pytest

API = "custom_components.xmrig.api"


@pytest.fixture(autouse=True)
def pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at miners as often as they are quick."""
    monkeypatch.setattr(f"{API}.confirm.CONFIRM_INTERVAL", 0.002)
    monkeypatch.setattr(f"{API}.config_editor.SETTLE", 0.02)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait in vain no longer than a test can bear."""
    monkeypatch.setattr(f"{API}.confirm.CONFIRM_TIMEOUT", 0.1)
