"""The steps of importing a miner and of undoing it, resumed after a restart.

The config entry of the miner, with the record of the import, is on disk before the first
change of the registries, and is only removed after the last change is on disk.
"""

import asyncio
from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    OperationNotAllowed,
)
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady

from ..const import DOMAIN, LOGGER
from .moves import async_give_back, async_take
from .record import Import, Phase, async_set_phase, import_of

SAVED_AFTER = 15
"""Seconds until changes of the registries are on disk: Home Assistant saves them after
10 s (homeassistant/helpers/registry.py)."""

SAVED_AFTER_START = 200
"""The same while Home Assistant is starting: it then saves them after 180 s."""


async def async_continue_import(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Resume an unfinished import of a miner, or the undoing of one.

    Call this before entities are added. Raises ConfigEntryNotReady while the other
    integration has not released its entities, and ConfigEntryError if the import was
    being undone when Home Assistant stopped: the undoing continues in the background.
    """
    plan = import_of(entry)
    if plan is None or plan.phase is Phase.IMPORTED:
        return
    if plan.phase is Phase.UNDOING:
        _async_start_undo(hass, entry)
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="import_being_undone",
            translation_placeholders={"name": entry.title},
        )
    old = hass.config_entries.async_get_entry(plan.old_entry_id)
    if old is None:
        return
    await _async_disable(hass, old)
    try:
        async_take(hass, plan, entry)
    except ValueError as error:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="import_not_finished",
            translation_placeholders={"name": entry.title, "old": old.title},
        ) from error
    hass.async_create_background_task(
        _async_settle(hass, entry), f"{DOMAIN} import of {entry.entry_id}"
    )


async def _async_settle(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Mark an import as finished once the registries are on disk."""
    await _async_wait_for_registries(hass)
    plan = import_of(entry)
    is_there = hass.config_entries.async_get_entry(entry.entry_id) is not None
    if is_there and plan and plan.phase is Phase.IMPORTING:
        async_set_phase(hass, entry, plan, Phase.IMPORTED)


async def _async_wait_for_registries(hass: HomeAssistant) -> None:
    """Wait until changes of the registries are on disk."""
    is_running = hass.state is CoreState.running
    await asyncio.sleep(SAVED_AFTER if is_running else SAVED_AFTER_START)


async def _async_disable(hass: HomeAssistant, old: ConfigEntry[Any]) -> None:
    """Disable the entry of another integration, so that it releases its entities.

    If it is already disabled but still loaded, because it was being set up at the time,
    unload it.
    """
    entries = hass.config_entries
    try:
        if not old.disabled_by:
            await entries.async_set_disabled_by(old.entry_id, ConfigEntryDisabler.USER)
        elif old.state.recoverable:
            await entries.async_unload(old.entry_id)
    except OperationNotAllowed as error:
        LOGGER.debug("%s could not be unloaded: %s", old.title, error)


def is_undoable(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Return whether the import of a miner can be undone: its old entry must exist."""
    plan = import_of(entry)
    return (
        plan is not None
        and plan.phase is not Phase.UNDOING
        and hass.config_entries.async_get_entry(plan.old_entry_id) is not None
    )


@callback
def async_undo(hass: HomeAssistant, entry: ConfigEntry[Any], plan: Import) -> None:
    """Undo an import in the background, unless that has begun in another form."""
    if plan.phase is not Phase.UNDOING:
        async_set_phase(hass, entry, plan, Phase.UNDOING)
        _async_start_undo(hass, entry)


@callback
def _async_start_undo(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    hass.async_create_background_task(
        _async_undo(hass, entry), f"{DOMAIN} undo of {entry.entry_id}"
    )


async def _async_undo(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Move everything back, enable the old entry, and remove the miner.

    The miner is removed only after the registries are on disk. Otherwise the entities
    could never be moved back if Home Assistant stopped in between.
    """
    entries = hass.config_entries
    plan = import_of(entry)
    old = entries.async_get_entry(plan.old_entry_id) if plan else None
    if plan and old:
        await _async_disable(hass, old)
        # The user may have removed it meanwhile
        if entries.async_get_entry(entry.entry_id) and entry.state.recoverable:
            await entries.async_unload(entry.entry_id)
        try:
            async_give_back(hass, plan, entry, old)
        except ValueError as error:
            LOGGER.error(
                "Undoing the import of %s goes on after a restart: %s",
                entry.title,
                error,
            )
            return
        if plan.was_enabled:
            await _async_enable(hass, old)
        await _async_wait_for_registries(hass)
    if entries.async_get_entry(entry.entry_id):
        await entries.async_remove(entry.entry_id)


async def _async_enable(hass: HomeAssistant, old: ConfigEntry[Any]) -> None:
    """Enable the entry of another integration, which may no longer be installed."""
    try:
        await hass.config_entries.async_set_disabled_by(old.entry_id, None)
    except OperationNotAllowed as error:
        # It will be set up at the next start
        LOGGER.debug("%s could not be set up: %s", old.title, error)


@callback
def async_return_entities(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Move the entities of a removed miner back to the entry it was imported from.

    The old entry remains enabled or disabled as it is.
    """
    plan = import_of(entry)
    old = hass.config_entries.async_get_entry(plan.old_entry_id) if plan else None
    if plan is None or old is None:
        return
    try:
        async_give_back(hass, plan, entry, old)
    except ValueError as error:
        LOGGER.warning("An entity of %s was not returned: %s", old.title, error)
