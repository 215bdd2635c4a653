"""Tests of what errors carry."""

import pytest

from custom_components.xmrig_miner.api.exceptions import (
    Command,
    XmrigAnotherKindError,
    XmrigAnotherMinerError,
    XmrigNotConfirmedError,
)
from custom_components.xmrig_miner.api.identity import Kind, MinerIdentity

FOUND = MinerIdentity(id="0123", worker_id="rig-two")


def test_another_miner() -> None:
    """The error names what was found, for the user to recognise it."""
    error = XmrigAnotherMinerError("Another miner answers", FOUND)
    assert str(error) == "Another miner answers"
    assert error.found is FOUND
    assert error.key == "another_miner"
    assert error.placeholders == {"found": "rig-two (0123)"}


def test_another_kind() -> None:
    """A proxy in place of a miner is found, too."""
    found = MinerIdentity(id="0123", worker_id=None, kind=Kind.PROXY)
    error = XmrigAnotherKindError("A proxy answers", found)
    assert str(error) == "A proxy answers"
    assert error.found is found
    assert error.key == "not_xmrig"


@pytest.mark.parametrize("command", Command)
def test_not_confirmed(command: Command) -> None:
    """Each command has a text of its own."""
    error = XmrigNotConfirmedError("No result", command)
    assert str(error) == "No result"
    assert error.command is command
    assert error.key == f"not_confirmed_{command.value}"
