"""Button entities of the manager."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .runtime import FleetConfigEntry
from .sleep_entities import SleepEntity, setup_sleep_entities

WAKE_UP = ButtonEntityDescription(key="wake_up", translation_key="wake_up")


def setup_buttons(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Keep a button for each miner that may sleep."""
    setup_sleep_entities(entry, async_add_entities, WakeButton, WAKE_UP)


class WakeButton(SleepEntity, ButtonEntity):
    """Wakes a miner's computer."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write nothing: the state is the time of the last press."""

    @override
    async def async_press(self) -> None:
        """Wake the computer if it is asleep or falling asleep.

        Raises HomeAssistantError if the manager was unloaded.
        """
        self.coordinator.async_wake(self._miner)
