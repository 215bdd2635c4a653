"""No value in place of one that a miner sends damages anything."""

import pytest

from .conftest import TIMEOUT, Check
from .odd import ODD_VALUES
from .odd_values import sweep_polls, sweep_set_up

pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_in_a_poll(value: str, check: Check) -> None:
    """A poll later everything is as before, and nothing was sent to the miner."""
    check(lambda home: sweep_polls(home, value), all_entities=True)


@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_at_set_up(value: str, check: Check) -> None:
    """An entry that is set up with it is complete two polls later."""
    check(lambda home: sweep_set_up(home, value), all_entities=True)
