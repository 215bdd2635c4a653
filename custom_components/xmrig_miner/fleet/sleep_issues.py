"""Repairs for computers that fail to wake or sleep, or whose entities are missing."""

from collections.abc import Iterable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..issues import async_delete_unless_ignored, async_raise_issue, issue_id
from ..manager import SleepFault
from .coordinator import FleetCoordinator
from .sleep_options import SleepOptions
from .source_issues import GONE

SLEEP_ENTITIES_MISSING = "sleep_entities_missing"

ISSUES = (*SleepFault, SLEEP_ENTITIES_MISSING)


class SleepIssues:
    """Raises and deletes the repairs for sleep faults and for missing entities."""

    def __init__(self, coordinator: FleetCoordinator) -> None:
        """Initialize the issues."""
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._missing_since: dict[str, float] = {}
        """When a miner was first seen to lack an entity, by config entry ID."""

    @callback
    def async_start(self) -> None:
        """Track the manager until it is unloaded."""
        entry = self._coordinator.config_entry
        entry.async_on_unload(self._coordinator.async_add_listener(self._handle_update))
        entry.async_on_unload(self._handle_unload)
        self._handle_update()

    @callback
    def _handle_update(self) -> None:
        """Raise current issues, and delete all others."""
        current: set[str] = set()
        for item in self._coordinator.data.figures:
            entry = self._hass.config_entries.async_get_entry(item.id)
            if entry is None or item.sleep is None:
                continue
            if item.sleep.fault:
                current.add(self._raise(entry, item.sleep.fault))
            missing = self._missing(entry)
            if self._are_gone(entry, missing):
                current.add(self._raise(entry, SLEEP_ENTITIES_MISSING, missing))
            elif missing:
                # It is still there after a reload if the user ignored it
                current.add(issue_id(SLEEP_ENTITIES_MISSING, entry.entry_id))
        for gone in sleep_issues(self._hass) - current:
            ir.async_delete_issue(self._hass, DOMAIN, gone)

    def _raise(
        self, entry: ConfigEntry[Any], key: str, entities: Iterable[str] = ()
    ) -> str:
        """Raise an issue for a miner, and return the ID of the issue."""
        named = ", ".join(f"`{entity}`" for entity in entities)
        async_raise_issue(
            self._hass,
            key,
            entry,
            {"name": entry.title, "entities": named},
            is_fixable=False,
        )
        return issue_id(key, entry.entry_id)

    @callback
    def _handle_unload(self) -> None:
        """Delete the issues, except those that the user ignored."""
        async_delete_sleep_issues(self._hass, ignored=False)

    def _missing(self, entry: ConfigEntry[Any]) -> list[str]:
        """Return the entities of a miner that are missing."""
        options = SleepOptions.from_options(entry.options)
        return [
            entity
            for entity in options.entities
            if self._hass.states.get(entity) is None
        ]

    def _are_gone(self, entry: ConfigEntry[Any], missing: list[str]) -> bool:
        """Return whether entities of a miner have been missing for `GONE` seconds."""
        if not missing or not self._hass.is_running:
            self._missing_since.pop(entry.entry_id, None)
            return False
        now = self._hass.loop.time()
        return now - self._missing_since.setdefault(entry.entry_id, now) >= GONE


@callback
def async_delete_sleep_issues(hass: HomeAssistant, *, ignored: bool) -> None:
    """Delete the issues of all miners, including ignored ones if `ignored` is True."""
    for found in sleep_issues(hass):
        async_delete_unless_ignored(hass, found, ignored=ignored)


def sleep_issues(hass: HomeAssistant) -> set[str]:
    """Return the IDs of all sleep issues."""
    return {
        issue.issue_id
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.translation_key in ISSUES
    }
