"""Repairs for missing sensors of the house."""

from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from ..const import DOMAIN
from ..issues import async_delete_unless_ignored, async_raise_issue, issue_id
from .coordinator import FleetCoordinator

NO_GRID_POWER = "no_grid_power"
SENSORS_MISSING = "sensors_missing"

ISSUES = (NO_GRID_POWER, SENSORS_MISSING)

GONE = 120
"""Seconds after which a missing sensor counts as gone. While Home Assistant starts or
its integration reloads, it is missing for a while."""


class SourceIssues:
    """Raises a repair while the manager lacks a sensor, and deletes it afterwards.

    An unavailable sensor does not count as missing: many inverters are unavailable at
    night.
    """

    def __init__(self, coordinator: FleetCoordinator) -> None:
        """Initialize the issues."""
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._entry = coordinator.config_entry
        self._wait: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Track the manager until it is unloaded."""
        self._entry.async_on_unload(
            self._coordinator.async_add_listener(self._handle_update)
        )
        self._entry.async_on_unload(self._stop_waiting)
        self._handle_update()

    @callback
    def _handle_update(self) -> None:
        """Start waiting if a sensor is missing, otherwise delete the issues."""
        if self._found() is None:
            self._stop_waiting()
            async_delete_source_issues(self._hass, self._entry, ignored=True)
        elif self._wait is None:
            self._wait = async_call_later(self._hass, GONE, HassJob(self._handle_gone))

    @callback
    def _handle_gone(self, _now: datetime) -> None:
        """Raise the issue, and check again later, as it may change by then."""
        self._wait = None
        if self._hass.is_running and (found := self._found()):
            self._raise(*found)
        self._handle_update()

    def _found(self) -> tuple[str, list[str]] | None:
        """Return the current issue and the missing sensors; None if there is none."""
        house = self._coordinator.house
        if not house.has_grid:
            return NO_GRID_POWER, []
        missing = [
            sensor for sensor in house.sensors if self._hass.states.get(sensor) is None
        ]
        return (SENSORS_MISSING, sorted(missing)) if missing else None

    def _raise(self, raised: str, sensors: list[str]) -> None:
        """Raise an issue, and delete the other one."""
        for key in ISSUES:
            if key != raised:
                ir.async_delete_issue(
                    self._hass, DOMAIN, issue_id(key, self._entry.entry_id)
                )
        names = ", ".join(f"`{sensor}`" for sensor in sensors)
        async_raise_issue(
            self._hass,
            raised,
            self._entry,
            {"name": self._entry.title, "sensors": names},
        )

    @callback
    def _stop_waiting(self) -> None:
        if self._wait:
            self._wait()
            self._wait = None


@callback
def async_delete_source_issues(
    hass: HomeAssistant, entry: ConfigEntry[Any], *, ignored: bool
) -> None:
    """Delete the issues of the manager, including ignored ones if `ignored` is True."""
    for key in ISSUES:
        async_delete_unless_ignored(
            hass, issue_id(key, entry.entry_id), ignored=ignored
        )
