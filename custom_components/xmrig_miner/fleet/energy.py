"""The sensors of the house, from the Energy dashboard or as chosen by the user."""

from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .dashboard import house_of
from .discovery import async_discover_manager
from .house import CONF_SOURCES, House, chosen_house
from .runtime import FLEET, FleetConfigEntry

_FOLLOWS: HassKey[bool] = HassKey(f"{DOMAIN}_follows_energy_dashboard")
"""Whether the listener was added. It cannot be removed, so it is added only once."""


async def async_dashboard(hass: HomeAssistant) -> House:
    """Return the house that the Energy dashboard describes."""
    return house_of((await async_get_manager(hass)).data)


async def async_offer_manager(hass: HomeAssistant) -> None:
    """Offer the manager, now or as soon as it would be useful."""
    await _async_follow_dashboard(hass)
    async_discover_manager(hass, await async_dashboard(hass))


async def async_follow_house(hass: HomeAssistant, entry: FleetConfigEntry) -> House:
    """Return the house that the manager reads, and track the Energy dashboard."""
    chosen = entry.data.get(CONF_SOURCES)
    if chosen is None:
        await _async_follow_dashboard(hass)
        return await async_dashboard(hass)
    return chosen_house(chosen)


def _is_chosen(entry: ConfigEntry[Any]) -> bool:
    """Return whether the user chose the sensors instead of the Energy dashboard."""
    return CONF_SOURCES in entry.data


async def _async_follow_dashboard(hass: HomeAssistant) -> None:
    """Track changes of the Energy dashboard, with or without a manager."""
    if hass.data.get(_FOLLOWS):
        return
    hass.data[_FOLLOWS] = True
    manager = await async_get_manager(hass)

    async def update() -> None:
        house = house_of(manager.data)
        runtime = hass.data.get(FLEET)
        if runtime is None:
            async_discover_manager(hass, house)
        elif not _is_chosen(runtime.coordinator.config_entry):
            runtime.coordinator.async_set_house(house)

    manager.async_listen_updates(update)
