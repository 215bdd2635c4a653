"""Detect computers that the user puts to sleep manually."""

from collections.abc import Callable

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
    split_entity_id,
)
from homeassistant.helpers.event import async_track_state_change_event

from ..addresses import miner_entries
from .sleep_options import SleepOptions

LAST_TRIGGERED = "last_triggered"
"""Attribute of a script that holds the time of its last run."""


class SleepWatch:
    """Tracks the entities that put computers to sleep.

    It also sees the manager's own actions. They have no effect, as the manager already
    knows that the computer is falling asleep.
    """

    def __init__(self, hass: HomeAssistant, on_sleep: Callable[[str], None]) -> None:
        """Initialize the watch; `on_sleep` is called with a miner's config entry ID."""
        self._hass = hass
        self._on_sleep = on_sleep
        self._entries: dict[str, list[str]] = {}
        """Config entry IDs of miners, by the entity that puts them to sleep."""
        self._stop: CALLBACK_TYPE | None = None

    @callback
    def async_follow(self) -> None:
        """Track the entities in the current options of all miners."""
        entries: dict[str, list[str]] = {}
        for entry in miner_entries(self._hass):
            options = SleepOptions.from_options(entry.options)
            if options.is_complete and not entry.disabled_by:
                for entity_id in {options.sleep_entity, options.plug} - {None}:
                    entries.setdefault(str(entity_id), []).append(entry.entry_id)
        if entries == self._entries:
            return
        self.async_close()
        self._entries = entries
        self._stop = async_track_state_change_event(
            self._hass, entries, self._handle_change
        )

    @callback
    def async_close(self) -> None:
        """Stop tracking."""
        if self._stop:
            self._stop()
        self._stop = None
        self._entries = {}

    @callback
    def _handle_change(self, event: Event[EventStateChangedData]) -> None:
        """Report the computers that are being put to sleep."""
        data = event.data
        if is_told(data["entity_id"], data["old_state"], data["new_state"]):
            for entry_id in self._entries.get(data["entity_id"], []):
                self._on_sleep(entry_id)


def is_told(entity_id: str, old: State | None, new: State | None) -> bool:
    """Return whether a button was pressed, a script run, or a plug switched off."""
    if old is None or new is None or STATE_UNAVAILABLE in (old.state, new.state):
        return False
    match split_entity_id(entity_id)[0]:
        case "script":
            triggered = new.attributes.get(LAST_TRIGGERED)
            return triggered not in (None, old.attributes.get(LAST_TRIGGERED))
        case "button" | "input_button":
            return new.state != old.state
    return (old.state, new.state) == (STATE_ON, STATE_OFF)
