"""The switches, buttons and actions under every single failure."""

from collections.abc import Callable

import pytest

from .commands import CONTROLS
from .failures import sweep
from .home import play
from .kinds import KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CONTROLS)
def test_a_request_fails(name: str, kind: str, count: Callable[[int], None]) -> None:
    """It raises an error that is true, or everything is as without the failure."""
    number, wrong = play(lambda home: sweep(home, name, KINDS[kind]))
    count(number)
    assert not wrong, "\n".join(wrong)
