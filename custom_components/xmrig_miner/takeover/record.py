"""What is taken from an entry of another integration.

It is stored with the config entry of the miner, so it is on disk before the registries,
and as long as there is something to undo.
"""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..addresses import miner_entries
from ..const import CONF_IMPORT


class Phase(StrEnum):
    """How far an import is."""

    IMPORTING = "importing"
    """Steps may be missing on disk: they are done again at the next set-up."""
    IMPORTED = "imported"
    UNDOING = "undoing"
    """Steps back may be missing on disk: they are done again at the next set-up."""


@dataclass(frozen=True, kw_only=True)
class TakenEntity:
    """An entity that goes over to this integration."""

    registry_id: str
    unique_id: str
    """In the other integration."""
    key: str


@dataclass(frozen=True, kw_only=True)
class Import:
    """An entry of another integration, and what is taken from it."""

    old_entry_id: str
    domain: str
    was_enabled: bool
    phase: Phase
    entities: tuple[TakenEntity, ...]
    left: tuple[str, ...]
    """Registry IDs of the entities that stay, but lose their device."""
    device_id: str | None
    identifiers: tuple[tuple[str, str], ...]
    """Of the device, in the other integration."""

    def as_data(self) -> dict[str, Any]:
        """Return the import as part of a config entry's data."""
        return {CONF_IMPORT: asdict(self)}


def import_of(entry: ConfigEntry[Any]) -> Import | None:
    """Return from where a miner was imported, if it was."""
    stored = entry.data.get(CONF_IMPORT)
    if stored is None:
        return None
    return Import(
        **{
            **stored,
            "phase": Phase(stored["phase"]),
            "entities": tuple(TakenEntity(**taken) for taken in stored["entities"]),
            "left": tuple(stored["left"]),
            "identifiers": tuple(
                (name, value) for name, value in stored["identifiers"]
            ),
        }
    )


@callback
def async_set_phase(
    hass: HomeAssistant, entry: ConfigEntry[Any], plan: Import, phase: Phase
) -> None:
    """Store how far the import of a miner is."""
    data = {**entry.data, **replace(plan, phase=phase).as_data()}
    hass.config_entries.async_update_entry(entry, data=data)


def imported_ids(hass: HomeAssistant) -> set[str]:
    """Return the entries of other integrations whose miners were imported."""
    plans = map(import_of, miner_entries(hass))
    return {plan.old_entry_id for plan in plans if plan}
