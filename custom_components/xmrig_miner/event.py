"""What happens to a miner, as events."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api.activity import Activity, ActivityType
from .entity import XmrigEntity
from .runtime import XmrigConfigEntry

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

    _told: tuple[Activity, ...] = ()
    """The activities of the last poll that were told."""

    @property
    @override
    def available(self) -> bool:
        """Return True: what has happened does not change while the miner is away.

        Triggers ignore a change from an unavailable state, and would miss the event
        that follows it.
        """
        return True

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
        """Tell one after the other, each as an event of its own, and none twice.

        Listeners are called more often than there are polls.
        """
        activities = self.coordinator.activities
        if activities is not self._told:
            self._told = activities
            for activity in activities:
                self._trigger_event(activity.type, activity.facts)
                self.async_write_ha_state()
        super()._handle_coordinator_update()
