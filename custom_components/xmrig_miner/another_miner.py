"""Which miner responds at the address of a config entry, and how to resolve it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow

from .addresses import address, entries_of, identity_of, is_expected_at, is_miner_of
from .api.exceptions import XmrigError
from .api.identity import MinerIdentity
from .connection import async_create_client
from .const import LOGGER
from .identity_issue import async_delete_identity_issue
from .repair_steps import active_entry
from .runtime import XmrigConfigEntry


@dataclass(frozen=True)
class Situation:
    """Which miner responds at the address of a config entry, and the possible fixes."""

    step_id: str
    found: MinerIdentity
    other_id: str | None
    """The config entry that is for the miner that answers."""
    placeholders: Mapping[str, str]


async def async_situation(hass: HomeAssistant, entry_id: str) -> Situation:
    """Ask which miner responds at the address of a config entry; return the situation.

    Raises AbortFlow if that is the right miner or none, and if the entry is gone.
    """
    entry = active_entry(hass, entry_id)
    found = await _async_identity_at(hass, entry)
    if found is None:
        raise AbortFlow("cannot_check", {"address": address(entry.data)})
    in_place = [
        other.entry_id
        for other in entries_of(hass, found, besides=entry)
        if await _async_is_in_place(hass, other)
    ]
    # Any entry may have been removed while the miners were asked.
    entry = active_entry(hass, entry_id)
    if is_expected_at(hass, entry, found):
        async_delete_identity_issue(hass, entry, ignored=True)
        if entry.state is ConfigEntryState.SETUP_RETRY:
            hass.config_entries.async_schedule_reload(entry_id)
        raise AbortFlow("resolved")
    return _situation(entry, found, entries_of(hass, found, besides=entry), in_place)


def _situation(
    entry: XmrigConfigEntry,
    found: MinerIdentity,
    holders: Sequence[XmrigConfigEntry],
    in_place: Container[str],
) -> Situation:
    """Return the situation for the miner that responds at the address of an entry.

    `holders` are the entries that are for that miner. Where one of them is `in_place`,
    its own address reaches its miner too: the two may be identical twins.
    """
    facts = {
        "name": entry.title,
        "expected": identity_of(entry).label,
        "address": address(entry.data),
        "found": found.label,
    }
    away = [holder for holder in holders if holder.entry_id not in in_place]
    if not away and found.kind is not identity_of(entry).kind:
        return Situation("another_kind", found, None, facts)
    if not holders:
        return Situation("unknown_miner", found, None, facts)
    holder = (away or holders)[0]
    facts |= {"other": holder.title, "other_address": address(holder.data)}
    if not away:
        return Situation("twin", found, None, facts)
    return Situation("swapped", found, holder.entry_id, facts)


async def _async_identity_at(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> MinerIdentity | None:
    """Return which miner answers at the address of a config entry, None for none."""
    try:
        summary = await async_create_client(hass, entry.data).any_summary()
    except XmrigError as error:
        LOGGER.debug("Asking a miner who it is failed: %s", error)
        return None
    return None if summary.lacks_identity else summary.identity


async def _async_is_in_place(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Return whether the right miner answers at the address of a config entry."""
    seen = await _async_identity_at(hass, entry)
    return seen is not None and is_miner_of(hass, entry, seen)
