"""The record of an import: what was moved from an entry of another integration.

It is stored in the config entry of the miner. It is therefore on disk before the
registries are, and exists as long as the import can be undone.
"""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..addresses import miner_entries
from ..const import CONF_IMPORT


class Phase(StrEnum):
    """The progress of an import."""

    IMPORTING = "importing"
    """Some steps may not be on disk yet; they are repeated at the next setup."""
    IMPORTED = "imported"
    UNDOING = "undoing"
    """Some steps back may not be on disk yet; they are repeated at the next setup."""


@dataclass(frozen=True, kw_only=True)
class TakenEntity:
    """An entity that is moved to this integration."""

    registry_id: str
    unique_id: str
    """The unique ID in the other integration."""
    key: str


@dataclass(frozen=True, kw_only=True)
class Import:
    """An entry of another integration, and what is moved from it."""

    old_entry_id: str
    domain: str
    was_enabled: bool
    phase: Phase
    entities: tuple[TakenEntity, ...]
    left: tuple[str, ...]
    """Registry IDs of the entities that stay with the old entry, without a device."""
    device_id: str | None
    identifiers: tuple[tuple[str, str], ...]
    """Identifiers of the device in the other integration."""

    def as_data(self) -> dict[str, Any]:
        """Return the import as part of a config entry's data."""
        return {CONF_IMPORT: asdict(self)}


def import_of(entry: ConfigEntry[Any]) -> Import | None:
    """Return the record of a miner's import; None if it was not imported.

    Also None for a record that cannot be read: the miner is set up without it.
    """
    data = entry.data.get(CONF_IMPORT)
    if data is None:
        return None
    try:
        return Import(
            old_entry_id=_text(data["old_entry_id"]),
            domain=_text(data["domain"]),
            was_enabled=bool(data["was_enabled"]),
            phase=Phase(data["phase"]),
            entities=tuple(
                TakenEntity(**{name: _text(value) for name, value in taken.items()})
                for taken in data["entities"]
            ),
            left=tuple(map(_text, data["left"])),
            device_id=None if data["device_id"] is None else _text(data["device_id"]),
            identifiers=tuple(
                (_text(name), _text(value)) for name, value in data["identifiers"]
            ),
        )
    except AttributeError, LookupError, TypeError, ValueError:
        return None


def _text(value: Any) -> str:
    """Return a stored text.

    Raises TypeError for anything else.
    """
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


@callback
def async_set_phase(
    hass: HomeAssistant, entry: ConfigEntry[Any], plan: Import, phase: Phase
) -> None:
    """Store the phase of a miner's import."""
    data = {**entry.data, **replace(plan, phase=phase).as_data()}
    hass.config_entries.async_update_entry(entry, data=data)


def imported_ids(hass: HomeAssistant) -> set[str]:
    """Return the IDs of the entries of other integrations that were imported."""
    plans = map(import_of, miner_entries(hass))
    return {plan.old_entry_id for plan in plans if plan}
