"""The power limit and the calibration under every single failure."""

import pytest

from .commands import POWER
from .conftest import Check
from .failures import sweep
from .kinds import KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", POWER)
def test_a_request_fails(name: str, kind: str, check: Check) -> None:
    """It raises an error that is true, or everything is as without the failure."""
    check(lambda home: sweep(home, name, KINDS[kind]))
