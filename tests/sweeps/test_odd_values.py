"""No value in place of one that a miner sends damages anything."""

from collections.abc import Callable

import pytest

from .home import play
from .odd_values import ODD_VALUES, sweep_polls, sweep_set_up


@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_summary(value: str, count: Callable[[int], None]) -> None:
    """A poll later everything is as before, and nothing was sent to the miner."""
    number, wrong = play(lambda home: sweep_polls(home, value, "/2/summary"))
    count(number)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_backends_and_config(value: str, count: Callable[[int], None]) -> None:
    """A poll later everything is as before, and nothing was sent to the miner."""
    number, wrong = play(
        lambda home: sweep_polls(home, value, "/2/backends", "/2/config")
    )
    count(number)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_at_set_up(value: str, count: Callable[[int], None]) -> None:
    """An entry that is set up with it is complete one poll later."""
    number, wrong = play(lambda home: sweep_set_up(home, value))
    count(number)
    assert not wrong, "\n".join(wrong)
