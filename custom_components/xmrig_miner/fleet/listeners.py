"""Listens to the inputs of the manager: sensors of the house, and miners."""

from collections.abc import Callable, Collection
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_state_report_event,
)

from ..runtime import XmrigRuntimeData
from .members import loaded_miners

type Report = Event[EventStateChangedData] | Event[EventStateReportedData]


class InputListeners:
    """Calls back after each report of a sensor, and after each poll of a miner."""

    def __init__(
        self,
        hass: HomeAssistant,
        on_report: Callable[[Report], None],
        on_poll: Callable[[], None],
    ) -> None:
        """Initialize the listeners."""
        self._hass = hass
        self._on_report = on_report
        self._on_poll = on_poll
        self._stop_sensors: list[CALLBACK_TYPE] = []
        self._stop_miners: dict[str, CALLBACK_TYPE] = {}

    @callback
    def async_follow_sensors(self, sensors: Collection[str]) -> None:
        """Listen to these sensors, and no longer to others."""
        for stop in self._stop_sensors:
            stop()
        self._stop_sensors = [
            async_track_state_change_event(self._hass, sensors, self._on_report),
            async_track_state_report_event(self._hass, sensors, self._on_report),
        ]

    @callback
    def async_follow_miners(self) -> list[ConfigEntry[Any]]:
        """Listen to the coordinators of all loaded miners; return the new ones."""
        loaded = {entry.entry_id: entry for entry in loaded_miners(self._hass)}
        for gone in self._stop_miners.keys() - loaded.keys():
            self._stop_miners.pop(gone)()
        new = [entry for id_, entry in loaded.items() if id_ not in self._stop_miners]
        for entry in new:
            runtime: XmrigRuntimeData = entry.runtime_data
            self._stop_miners[entry.entry_id] = runtime.coordinator.async_add_listener(
                self._on_poll
            )
        return new

    @callback
    def async_close(self) -> None:
        """Stop listening."""
        for stop in (*self._stop_sensors, *self._stop_miners.values()):
            stop()
        self._stop_sensors.clear()
        self._stop_miners.clear()
