"""Fixtures: a house with the manager."""

from collections.abc import Generator
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Rig
from tests.watts import NUMBERS

from .house import MISSING, SWINGS, House


@pytest.fixture(autouse=True)
def all_is_measured(few_sensors: None) -> Generator[None]:
    """Leave nothing for the manager to measure, which would hold threads back."""
    with patch(MISSING, return_value=()), patch(SWINGS, 0):
        yield


@pytest.fixture
def trio_options() -> dict[str, Any]:
    """Let the miners draw 20 W per thread."""
    return NUMBERS


@pytest.fixture
def house(hass: HomeAssistant, trio: list[Rig]) -> House:
    """Return a house with three miners."""
    return House(hass, trio)
