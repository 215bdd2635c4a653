"""What happens to a miner, as events."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api.activity import ActivityType
from .coordinator import XmrigConfigEntry
from .entity import XmrigEntity

PARALLEL_UPDATES = 0

ACTIVITY = EventEntityDescription(
    key="activity", translation_key="activity", event_types=list(ActivityType)
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: XmrigConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of a miner."""
    async_add_entities([XmrigActivityEvent(entry.runtime_data, ACTIVITY)])


class XmrigActivityEvent(XmrigEntity, EventEntity):
    """What happened between two polls."""

    @override
    async def async_added_to_hass(self) -> None:
        """Tell what the first poll found, which came before this was there."""
        await super().async_added_to_hass()
        # Not before it is added: until then only the last state would be seen.
        handle = self.hass.loop.call_soon(self._handle_coordinator_update)
        self.async_on_remove(handle.cancel)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Tell one after the other, each as an event of its own."""
        for activity in self.coordinator.activities:
            self._trigger_event(activity.type, activity.facts)
            self.async_write_ha_state()
        super()._handle_coordinator_update()
