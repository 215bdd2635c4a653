"""The switch that pauses and resumes a miner."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import XmrigConfigEntry
from .entity import XmrigEntity, async_setup_entities

PARALLEL_UPDATES = 1

MINING = SwitchEntityDescription(key="mining", translation_key="mining")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: XmrigConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switch of a miner."""
    async_setup_entities(
        entry,
        async_add_entities,
        XmrigMiningSwitch,
        lambda _: [(MINING, None)],
        controls=True,
    )


class XmrigMiningSwitch(XmrigEntity, SwitchEntity):
    """On while a miner is neither paused nor stopped."""

    @property
    @override
    def available(self) -> bool:
        """Return whether it is known what the miner does."""
        return super().available and self.is_on is not None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the miner mines, or would if it had a pool."""
        return self.snapshot.is_mining

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Resume the miner, and start it if it was stopped."""
        async with self.coordinator.command() as miner:
            await miner.start()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Pause the miner."""
        async with self.coordinator.command() as miner:
            await miner.pause()
