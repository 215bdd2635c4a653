"""Switches of the manager."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import FleetEntity
from .runtime import FleetConfigEntry

KEEP_MINING = SwitchEntityDescription(
    key="keep_mining",
    translation_key="keep_mining",
    entity_category=EntityCategory.CONFIG,
)


def setup_switches(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the switches of the manager."""
    async_add_entities([KeepMiningSwitch(entry.runtime_data, KEEP_MINING)])


class KeepMiningSwitch(FleetEntity, SwitchEntity):
    """Whether each member keeps one thread where there is no surplus."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it is on."""
        return self.settings.keep_mining

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self.runtime.async_change(keep_mining=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self.runtime.async_change(keep_mining=False)
