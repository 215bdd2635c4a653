"""Every command under every single failure."""

import pytest

from .commands import COMMANDS
from .conftest import TIMEOUT, Check
from .failures import sweep

pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_request_fails(name: str, check: Check) -> None:
    """It raises an error that is true, or everything is as without the failure."""
    check(lambda home: sweep(home, name), all_entities=COMMANDS[name].is_poll)
