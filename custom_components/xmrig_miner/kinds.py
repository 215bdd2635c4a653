"""Kinds of config entries."""

from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .const import CONF_KIND


class EntryKind(StrEnum):
    """What a config entry is for."""

    MINER = "miner"


def entry_kind(entry: ConfigEntry[Any]) -> EntryKind:
    """Return what a config entry is for.

    Raises ValueError for a kind that only a later version knows.
    """
    return EntryKind(entry.data.get(CONF_KIND, EntryKind.MINER))
