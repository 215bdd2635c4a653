"""Switch entities of the manager."""

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
    """Set up the switch entities of the manager."""
    async_add_entities([KeepMiningSwitch(entry.runtime_data, KEEP_MINING)])


class KeepMiningSwitch(FleetEntity, SwitchEntity):
    """Whether each member keeps one thread running without surplus."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the setting is on."""
        return self.settings.keep_mining

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the setting on."""
        await self.runtime.async_change(keep_mining=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the setting off."""
        await self.runtime.async_change(keep_mining=False)
