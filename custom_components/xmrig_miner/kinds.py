"""Kinds of config entries."""

from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .const import CONF_KIND, DOMAIN

type AnyConfigEntry = ConfigEntry[Any]
"""A config entry of any kind."""

MANAGER_ID = "manager"
"""The unique ID of the manager's config entry: there is only one."""


class EntryKind(StrEnum):
    """What a config entry is for."""

    MINER = "miner"
    MANAGER = "manager"
    PROXY = "proxy"


def entry_kind(entry: AnyConfigEntry) -> EntryKind:
    """Return what a config entry is for.

    Raises ValueError for a kind that only a later version knows.
    """
    return EntryKind(_stored_kind(entry))


def is_of_kind(entry: AnyConfigEntry, *kinds: EntryKind) -> bool:
    """Return whether a config entry is of one of some kinds."""
    return _stored_kind(entry) in kinds


def is_miner(entry: AnyConfigEntry) -> bool:
    """Return whether a config entry is for a miner."""
    return is_of_kind(entry, EntryKind.MINER)


def _stored_kind(entry: AnyConfigEntry) -> str:
    """Return the kind in the data of a config entry; without one, it is for a miner."""
    kind: str = entry.data.get(CONF_KIND, EntryKind.MINER)
    return kind


def entries_of_kind(
    hass: HomeAssistant, kind: EntryKind, *, include_disabled: bool = True
) -> list[AnyConfigEntry]:
    """Return the config entries of a kind.

    An entry for a discovery that the user ignored has no data, and no kind.
    """
    entries = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=include_disabled
    )
    return [entry for entry in entries if is_of_kind(entry, kind)]
