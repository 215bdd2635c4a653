"""Whatever is done to an entry during a command, one instance at most commands it."""

from collections.abc import Callable

import pytest

from .commands import COMMANDS
from .home import play
from .lifecycle import OPERATIONS, sweep


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_an_entry_ends_during_a_command(
    name: str, operation: str, count: Callable[[int], None]
) -> None:
    """No request, file, task, timer or traceback is left, and what is stored is true."""
    number, wrong = play(lambda home: sweep(home, name, operation))
    count(number)
    assert not wrong, "\n".join(wrong)
