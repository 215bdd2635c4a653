"""Whatever is done to an entry during a command, one instance at most commands it."""

import pytest

from .commands import COMMANDS
from .conftest import TIMEOUT, Check
from .lifecycle import sweep

pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_entry_ends_during_a_command(name: str, check: Check) -> None:
    """No request, file, task, timer or traceback is left, and what is stored is true."""
    check(lambda home: sweep(home, name))
