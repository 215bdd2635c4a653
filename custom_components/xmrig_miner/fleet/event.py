"""The event entity of the manager."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..manager import MemberEventType
from .data import FleetData
from .entity import FleetEntity
from .runtime import FleetConfigEntry

MINERS = EventEntityDescription(
    key="miners", translation_key="miners", event_types=list(MemberEventType)
)


def setup_events(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the event entity of the manager."""
    async_add_entities([MemberEvents(entry.runtime_data, MINERS)])


class MemberEvents(FleetEntity, EventEntity):
    """Events of the manager's members.

    The entity stays available even if members are not, as the manager itself does.
    """

    _told: FleetData | None = None
    """The last decision whose events were triggered."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Trigger the events of a new decision."""
        if (data := self.coordinator.data) is self._told:
            return
        self._told = data
        for event in data.events:
            self._trigger_event(event.type, {"name": event.name})
            self.async_write_ha_state()
