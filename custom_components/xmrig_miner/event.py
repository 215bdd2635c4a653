"""Activity events of a miner or a proxy."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api.activity import Activity, ActivityType
from .api.proxy_activity import ProxyActivityType
from .fleet.event import setup_events
from .kinds import AnyConfigEntry, EntryKind, entry_kind
from .process_entity import ProcessEntity
from .proxy.coordinator import WORKERS

PARALLEL_UPDATES = 0

ACTIVITY = EventEntityDescription(
    key="activity", translation_key="activity", event_types=list(ActivityType)
)


PROXY_ACTIVITY = EventEntityDescription(
    key="activity",
    translation_key="proxy_activity",
    event_types=list(ProxyActivityType),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of a config entry."""
    kind = entry_kind(entry)
    if kind is EntryKind.MANAGER:
        setup_events(entry, async_add_entities)
        return
    coordinator = entry.runtime_data.coordinator
    if kind is EntryKind.PROXY:
        event = XmrigActivityEvent(coordinator, PROXY_ACTIVITY, WORKERS)
    else:
        event = XmrigActivityEvent(coordinator, ACTIVITY)
    async_add_entities([event])


class XmrigActivityEvent(ProcessEntity, EventEntity):
    """What happened between two polls."""

    shows = ("available",)
    _triggered: tuple[Activity, ...] = ()
    """The activities of the last poll whose events were triggered."""

    @property
    @override
    def available(self) -> bool:
        """Past events stay available while it is offline.

        Triggers ignore a change from an unavailable state, so they would miss the first
        event after it.
        """
        return True

    @override
    async def async_added_to_hass(self) -> None:
        """Trigger the events of the first poll, which was before the entity was added."""
        await super().async_added_to_hass()
        # Only after it was added: before that, each state would overwrite the previous
        # one
        handle = self.hass.loop.call_soon(self._handle_coordinator_update)
        self.async_on_remove(handle.cancel)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Trigger an event for each activity of a poll exactly once.

        Listeners are called more often than there are polls.
        """
        activities = self.coordinator.activities
        if activities is not self._triggered:
            self._triggered = activities
            for activity in activities:
                self._trigger_event(activity.type, activity.facts)
                self.async_write_ha_state()
        super()._handle_coordinator_update()
