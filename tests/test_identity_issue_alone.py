"""The repair issue for another miner, without Home Assistant and miners."""

from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.helpers.issue_registry import IssueSeverity
import pytest

from custom_components.xmrig_miner import identity_issue as module
from custom_components.xmrig_miner.api.identity import MinerIdentity
from custom_components.xmrig_miner.const import CONF_MINER_ID, CONF_WORKER_ID

from .stand_ins import Entry, Hass, Issues

STRANGER = MinerIdentity(id="0123456789abcdef", worker_id="stranger")


class Bench:
    """Four miners, each at its own address."""

    def __init__(self) -> None:
        """Start without issues."""
        self.entries = [Entry(f"rig-{number}") for number in (1, 2, 3, 4)]
        for number, entry in enumerate(self.entries, 1):
            entry.data |= {
                CONF_HOST: f"192.0.2.{number}",
                CONF_PORT: 8080,
                CONF_MINER_ID: str(number) * 16,
                CONF_WORKER_ID: f"worker {number}",
            }
        self.hass = Hass(*self.entries)
        self.issues = Issues()
        self.listeners: list[Any] = []

    def connect(self, hass: Any, signal: str, listener: Any) -> None:
        """Listen to changes of config entries."""
        assert hass is self.hass
        assert signal == SIGNAL_CONFIG_ENTRY_CHANGED
        self.listeners.append(listener)

    def found(self, at: int, miner: int | MinerIdentity | None) -> set[int]:
        """Let a miner respond at an entry's address; return which have the issue."""
        if isinstance(miner, int):
            data = self.entries[miner - 1].data
            miner = MinerIdentity(id=data[CONF_MINER_ID], worker_id=f"worker {miner}")
        entry = self.entries[at - 1]
        hass, entry = cast(Any, (self.hass, entry))
        module.async_update_identity_issue(hass, entry, miner)
        return self.raised

    @property
    def raised(self) -> set[int]:
        """Return which have the issue."""
        return {int(id_.removeprefix("another_miner_rig-")) for id_ in self.issues}

    def ignore(self) -> None:
        """Ignore all issues."""
        self.issues.ignored |= self.issues.keys()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return the miners."""
    bench = Bench()
    with (
        bench.issues.in_use(),
        patch.object(module, "async_dispatcher_connect", bench.connect),
    ):
        yield bench


def test_another_miner_responds(bench: Bench) -> None:
    """The issue says which, until the right one does, even if it was ignored."""
    assert bench.found(1, None) == set()
    assert bench.found(1, STRANGER) == {1}
    [issue] = bench.issues.values()
    assert issue["translation_key"] == "another_miner"
    assert issue["translation_placeholders"] == {
        "name": "Title of rig-1",
        "address": "192.0.2.1:8080",
        "found": "stranger (0123456789abcdef)",
    }
    assert issue["severity"] is IssueSeverity.ERROR
    assert issue["is_fixable"]
    assert issue["data"] == {"entry_id": "rig-1"}
    bench.ignore()
    assert bench.found(2, None) == {1}
    assert bench.found(1, None) == set()


def test_an_ignored_issue(bench: Bench) -> None:
    """It stays ignored as long as the same miner responds."""
    bench.found(1, STRANGER)
    bench.ignore()
    bench.found(1, STRANGER)
    assert bench.issues.ignored == {"another_miner_rig-1"}
    bench.found(1, 2)
    assert (bench.raised, bench.issues.ignored) == ({1}, set())


@pytest.mark.parametrize("state", list(ConfigEntryState))
def test_a_poll_that_ends_after_its_entry(
    bench: Bench, state: ConfigEntryState
) -> None:
    """It changes no issue."""
    counts = state.value in ("loaded", "setup_in_progress")
    bench.entries[0].state = state
    assert bench.found(1, STRANGER) == ({1} if counts else set())
    bench.entries[0].state = ConfigEntryState.LOADED
    bench.found(1, STRANGER)
    bench.entries[0].state = state
    assert bench.found(1, None) == (set() if counts else {1})


@pytest.mark.parametrize("state", list(ConfigEntryState))
def test_an_entry_that_is_disabled(bench: Bench, state: ConfigEntryState) -> None:
    """While its set-up is retried, it is not unloaded; an ignored issue stays."""
    first, second, *_ = bench.entries
    bench.found(1, 2)
    bench.found(3, STRANGER)
    [listener] = bench.listeners
    is_gone = state is ConfigEntryState.NOT_LOADED
    first.state = second.state = state
    listener(ConfigEntryChange.UPDATED, second)
    assert bench.raised == {1, 3}
    listener(ConfigEntryChange.UPDATED, first)
    assert bench.raised == ({3} if is_gone else {1, 3})
    # It no longer counts as one of two that swapped
    assert bench.found(3, STRANGER) >= {3}
    second.state = ConfigEntryState.LOADED
    assert (2 in bench.found(2, 1)) is is_gone
    bench.ignore()
    second.state = ConfigEntryState.NOT_LOADED
    listener(ConfigEntryChange.UPDATED, second)
    assert (2 in bench.raised) is is_gone
    second.state = ConfigEntryState.LOADED
    bench.found(2, 1)
    assert ("another_miner_rig-2" in bench.issues.ignored) is is_gone


# --- Swapped addresses --------------------------------------------------------


@pytest.mark.parametrize("first", [1, 2])
def test_two_that_swapped(bench: Bench, first: int) -> None:
    """One issue is enough, and it stays where it is."""
    second = 3 - first
    for _ in range(2):
        assert bench.found(first, second) == {first}
        assert bench.found(second, first) == {first}
    # The first one is right again, so that the other one is not
    bench.found(first, None)
    assert bench.found(second, first) == {second}


def test_two_that_swapped_after_one_had_the_issue(bench: Bench) -> None:
    """That one keeps it."""
    bench.found(2, STRANGER)
    bench.found(1, 2)
    assert bench.found(2, 1) == {1}


def test_three_that_rotated(bench: Bench) -> None:
    """As the last one of them has the issue, the others lose theirs."""
    assert bench.found(1, 2) == {1}
    assert bench.found(2, 3) == {1, 2}
    assert bench.found(3, 1) == {1, 2}
    assert bench.found(1, 2) == {2}
    assert bench.found(2, 3) == {2}


def test_one_of_three_that_rotated_is_right_again(bench: Bench) -> None:
    """The other two have not swapped, so that each needs a repair."""
    bench.found(1, 2)
    bench.found(2, 3)
    assert bench.found(3, 1) == {1, 2}
    assert bench.found(1, None) == {2}
    assert bench.found(3, 1) == {2, 3}


def test_one_that_only_leads_to_two_that_swapped(bench: Bench) -> None:
    """Its own miner is nowhere."""
    bench.found(2, 3)
    bench.found(3, 2)
    assert bench.found(1, 2) == {1, 2}


@pytest.mark.parametrize("other", [3, 4])
def test_twins(bench: Bench, other: int) -> None:
    """The one whose place another miner took is the one that swapped."""
    for twin in (3, 4):
        bench.entries[twin - 1].data |= {
            CONF_MINER_ID: "3" * 16,
            CONF_WORKER_ID: "worker 3",
        }
    bench.found(other, 1)
    assert bench.found(1, 3) == {other}
    bench.found(other, None)
    # Neither is known to have moved
    assert bench.found(1, 3) == {1}
