"""What the manager listens to, without Home Assistant and miners."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import State
import pytest

from custom_components.xmrig_miner.const import (
    CONF_SLEEP_ENTITY,
    CONF_SLEEP_PLUG,
    CONF_WAKE_ENTITY,
)
from custom_components.xmrig_miner.fleet import listeners, sleep_watch
from custom_components.xmrig_miner.fleet.listeners import InputListeners
from custom_components.xmrig_miner.fleet.sleep_watch import SleepWatch
from tests.stand_ins import Entry, Hass

SLEEP = "button.sleep"
PLUG = "switch.plug"
OPTIONS = {CONF_WAKE_ENTITY: "button.wake", CONF_SLEEP_ENTITY: SLEEP}


class Bench:
    """Two miners, and what is listened to."""

    def __init__(self) -> None:
        """Start with loaded miners."""
        self.miners = [Entry("rig-1"), Entry("rig-2")]
        self.hass = Hass(*self.miners)
        self.followed: dict[str, Any] = {}
        """Callbacks by what they are called for."""
        for miner in self.miners:
            coordinator = SimpleNamespace(async_add_listener=self._poll(miner))
            miner.runtime_data.coordinator = coordinator
        self.told: list[Any] = []
        self.inputs = InputListeners(
            cast(Any, self.hass), cast(Any, "report"), cast(Any, "poll")
        )
        self.watch = SleepWatch(cast(Any, self.hass), self.told.append)

    def _poll(self, miner: Entry) -> Any:
        return lambda callback: self._follow(miner.entry_id, callback)

    def _follow(self, what: str, callback: Any) -> Any:
        assert what not in self.followed
        self.followed[what] = callback
        return lambda: self.followed.pop(what)

    def track(self, kind: str) -> Any:
        """Return a function that follows entities."""

        def follow(hass: Any, entity_ids: Any, callback: Any) -> Any:
            assert hass is self.hass
            return self._follow(f"{kind} {' '.join(sorted(entity_ids))}", callback)

        return follow

    def change(self, entity_id: str, old: str, new: str) -> None:
        """Change the state of an entity."""
        [handle] = self.followed.values()
        states = {
            "old_state": State(entity_id, old),
            "new_state": State(entity_id, new),
        }
        handle(SimpleNamespace(data={"entity_id": entity_id, **states}))


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return two miners."""
    bench = Bench()
    change = bench.track("change")
    report = bench.track("report")
    with (
        patch.object(listeners, "async_track_state_change_event", change),
        patch.object(listeners, "async_track_state_report_event", report),
        patch.object(sleep_watch, "async_track_state_change_event", change),
    ):
        yield bench


def test_sensors(bench: Bench) -> None:
    """Both a change and a report of the same value count, of the current sensors."""
    for sensors in (["sensor.a", "sensor.b"], ["sensor.c"]):
        bench.inputs.async_follow_sensors(sensors)
        name = " ".join(sensors)
        expected = {f"change {name}": "report", f"report {name}": "report"}
        assert bench.followed == expected
    bench.inputs.async_close()
    assert bench.followed == {}
    bench.inputs.async_close()


def test_miners(bench: Bench) -> None:
    """Those that are loaded; new ones are told once."""
    first, second = bench.miners
    second.state = ConfigEntryState.SETUP_IN_PROGRESS
    assert bench.inputs.async_follow_miners() == cast(Any, [first])
    assert bench.followed == {"rig-1": "poll"}
    second.state = ConfigEntryState.LOADED
    assert bench.inputs.async_follow_miners() == cast(Any, [second])
    assert bench.inputs.async_follow_miners() == []
    assert bench.followed == {"rig-1": "poll", "rig-2": "poll"}
    # After a reload it is a new one
    first.state = ConfigEntryState.NOT_LOADED
    assert bench.inputs.async_follow_miners() == []
    assert bench.followed == {"rig-2": "poll"}
    first.state = ConfigEntryState.LOADED
    assert bench.inputs.async_follow_miners() == cast(Any, [first])
    bench.inputs.async_close()
    assert bench.followed == {}
    bench.inputs.async_close()


def test_what_puts_computers_to_sleep(bench: Bench) -> None:
    """It is followed by the miners that it belongs to, as their options change."""
    first, second = bench.miners
    bench.watch.async_follow()
    assert bench.followed == {}
    first.options = OPTIONS
    second.options = {**OPTIONS, CONF_SLEEP_PLUG: PLUG}
    bench.watch.async_follow()
    # A second time changes nothing
    handle = bench.followed[f"change {SLEEP} {PLUG}"]
    bench.watch.async_follow()
    assert bench.followed == {f"change {SLEEP} {PLUG}": handle}
    bench.change(SLEEP, "unknown", "2026-11-30")
    assert bench.told == ["rig-1", "rig-2"]
    bench.change(PLUG, "on", "off")
    assert bench.told[2:] == ["rig-2"]
    bench.change(PLUG, "off", "on")
    bench.change("switch.other", "on", "off")
    assert len(bench.told) == 3
    second.disabled_by = "user"
    bench.watch.async_follow()
    assert list(bench.followed) == [f"change {SLEEP}"]
    bench.change(SLEEP, "2026-11-30", "2026-12-01")
    assert bench.told[3:] == ["rig-1"]
    bench.watch.async_close()
    assert bench.followed == {}
    bench.watch.async_close()
    bench.watch.async_follow()
    assert list(bench.followed) == [f"change {SLEEP}"]


def test_half_a_way_to_sleep(bench: Bench) -> None:
    """Nothing would wake the computer: it is not followed."""
    bench.miners[0].options = {CONF_SLEEP_PLUG: PLUG}
    for _ in range(2):
        bench.watch.async_follow()
        assert bench.followed == {}
        bench.watch.async_close()


BEFORE = {"last_triggered": "2026-11-30"}
AFTER = {"last_triggered": "2026-12-01"}


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        (State("button.a", "unknown"), State("button.a", "1"), True),
        (State("button.a", "1"), State("button.a", "1"), False),
        (State("input_button.a", "1"), State("input_button.a", "2"), True),
        (State("button.a", "unavailable"), State("button.a", "1"), False),
        (State("button.a", "1"), State("button.a", "unavailable"), False),
        (None, State("button.a", "1"), False),
        (State("button.a", "1"), None, False),
        (State("script.a", "off", BEFORE), State("script.a", "on", AFTER), True),
        (State("script.a", "off"), State("script.a", "on", AFTER), True),
        (State("script.a", "off", BEFORE), State("script.a", "on", BEFORE), False),
        (State("script.a", "off", BEFORE), State("script.a", "off"), False),
        (State("switch.a", "on"), State("switch.a", "off"), True),
        (State("switch.a", "off"), State("switch.a", "on"), False),
        (State("switch.a", "off"), State("switch.a", "off"), False),
        (State("input_boolean.a", "on"), State("input_boolean.a", "off"), True),
    ],
)
def test_what_counts_as_putting_to_sleep(
    old: State | None, new: State | None, *, is_told: bool
) -> None:
    """A press, a run, or a plug that is switched off."""
    entity_id = cast(State, old or new).entity_id
    assert sleep_watch.is_told(entity_id, old, new) is is_told
