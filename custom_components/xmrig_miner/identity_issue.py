"""The repair issue for a different miner at the address of a config entry."""

from collections.abc import Iterator
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from .addresses import address, entries_of
from .api.identity import MinerIdentity
from .const import DOMAIN
from .issues import async_delete_unless_ignored, async_raise_issue, issue_id

ANOTHER_MINER = "another_miner"

_FOUND: HassKey[dict[str, MinerIdentity]] = HassKey(f"{DOMAIN}_another_miner")
"""The miner that responds instead of the right one, by config entry ID."""


@callback
def async_update_identity_issue(
    hass: HomeAssistant, entry: ConfigEntry[Any], found: MinerIdentity | None
) -> None:
    """Create the issue if a different miner responds, or delete it.

    To be called after each reply, also during a set-up that fails. `found` is the
    different miner, None for the right one. Of miners that swapped addresses, only one
    has the issue.
    """
    if not is_polled(entry):
        return
    if found is None:
        async_delete_identity_issue(hass, entry, ignored=True)
        return
    own_id = issue_id(ANOTHER_MINER, entry.entry_id)
    known = _async_found(hass)
    if known.get(entry.entry_id, found) != found:
        # The issue that the user ignored was about another situation.
        ir.async_delete_issue(hass, DOMAIN, own_id)
    known[entry.entry_id] = found
    registry = ir.async_get(hass)
    if any(
        registry.async_get_issue(DOMAIN, issue_id(ANOTHER_MINER, other.entry_id))
        for other in _swapped_with(hass, entry)
    ):
        ir.async_delete_issue(hass, DOMAIN, own_id)
        return
    async_raise_issue(
        hass,
        ANOTHER_MINER,
        entry,
        {"name": entry.title, "address": address(entry.data), "found": found.label},
        severity=ir.IssueSeverity.ERROR,
    )


@callback
def async_delete_identity_issue(
    hass: HomeAssistant, entry: ConfigEntry[Any], *, ignored: bool
) -> None:
    """Delete the issue of a config entry, even if ignored if `ignored` is True."""
    _async_found(hass).pop(entry.entry_id, None)
    async_delete_unless_ignored(
        hass, issue_id(ANOTHER_MINER, entry.entry_id), ignored=ignored
    )


def is_polled(entry: ConfigEntry[Any]) -> bool:
    """Return whether a config entry may raise issues.

    A poll that began before the entry was unloaded may end after it, or after the
    entry was removed.
    """
    return entry.state in (ConfigEntryState.SETUP_IN_PROGRESS, ConfigEntryState.LOADED)


def _swapped_with(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> list[ConfigEntry[Any]]:
    """Return the config entries whose miners swapped addresses with that of one.

    The miner of each is at the address of the previous entry; if the first entry's
    miner is at the address of the last one, the circle is closed.
    """
    circle: list[ConfigEntry[Any]] = []
    for holder in _followed(hass, entry):
        if holder is entry:
            return circle
        if holder in circle:
            break
        circle.append(holder)
    return []


def _followed(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> Iterator[ConfigEntry[Any]]:
    """Yield the entry whose miner is at an entry's address, and so on."""
    known = _async_found(hass)
    while (found := known.get(entry.entry_id)) and (
        holders := entries_of(hass, found, besides=entry)
    ):
        entry = next(
            (holder for holder in holders if holder.entry_id in known), holders[0]
        )
        yield entry


@callback
def _async_found(hass: HomeAssistant) -> dict[str, MinerIdentity]:
    """Return which miners respond instead of the right ones."""
    if _FOUND in hass.data:
        return hass.data[_FOUND]

    @callback
    def forget(change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        # An entry whose set-up is retried is disabled without being unloaded.
        if entry.entry_id in found and entry.state is ConfigEntryState.NOT_LOADED:
            async_delete_identity_issue(hass, entry, ignored=False)

    found = hass.data[_FOUND] = {}
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, forget)
    return found
