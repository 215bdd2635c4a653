"""Names of graphics cards, which begin with the name of their miner."""

from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN

_NAMES = ("name", "name_by_user")


@callback
def async_follow_names(hass: HomeAssistant) -> None:
    """Rename the cards of a miner together with it.

    Polls only name cards that the miner lists. Names given by the user are kept.
    """

    @callback
    def rename(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if event.data["action"] == "update":
            _rename_cards(hass, event.data["device_id"], event.data["changes"])

    @callback
    def is_rename(data: dr.EventDeviceRegistryUpdatedData) -> bool:
        return data["action"] == "update" and any(
            key in data["changes"] for key in _NAMES
        )

    hass.bus.async_listen(
        dr.EVENT_DEVICE_REGISTRY_UPDATED, rename, event_filter=is_rename
    )


def _rename_cards(hass: HomeAssistant, device_id: str, old: dict[str, Any]) -> None:
    """Replace the first part of the names of a miner's cards."""
    registry = dr.async_get(hass)
    if (miner := registry.async_get(device_id)) is None:
        return
    before = {"name": miner.name, "name_by_user": miner.name_by_user} | old
    first = f"{before['name_by_user'] or before['name']} "
    # Those of other integrations may have more parts
    for entry_id in (key for domain, key, *_ in miner.identifiers if domain == DOMAIN):
        for card in dr.async_entries_for_config_entry(registry, entry_id):
            is_card = any(
                key.startswith(f"{entry_id}_") for _, key, *_ in card.identifiers
            )
            if is_card and card.name and card.name.startswith(first):
                label = card.name.removeprefix(first)
                name = f"{miner.name_by_user or miner.name} {label}"
                registry.async_update_device(card.id, name=name)
