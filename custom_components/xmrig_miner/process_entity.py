"""The base of the entities of miners and proxies."""

from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import ProcessCoordinator


class ProcessEntity[
    CoordinatorT: ProcessCoordinator[Any, Any] = ProcessCoordinator[Any, Any]
](CoordinatorEntity[CoordinatorT]):
    """An entity of a miner or a proxy, on its device."""

    _attr_has_entity_name = True

    shows: tuple[str, ...] = ()
    """The properties that its state consists of, if it reports only changes of them.

    Empty for an entity that reports its state at every poll: integrals, derivatives and
    statistics count each report of a number or a binary sensor.
    """
    _shown: object = None
    """What it last reported: the values of those properties, and the state."""

    def __init__(
        self,
        coordinator: CoordinatorT,
        description: EntityDescription,
        context: object = None,
    ) -> None:
        """Initialize the entity; `context` is what it needs besides the summary."""
        super().__init__(coordinator, context)
        self.entity_description = description
        entry_id = coordinator.config_entry.entry_id
        self._attr_unique_id = f"{entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry_id)})

    @property
    def snapshot(self) -> Any:
        """Return the last poll."""
        return self.coordinator.data

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Report the state after a poll, unless it shows already."""
        if not self.shows:
            super()._handle_coordinator_update()
            return
        values = [getattr(self, name) for name in self.shows]
        states = self.hass.states
        # Something else may have written another state
        if (values, states.get(self.entity_id)) == self._shown:
            return
        super()._handle_coordinator_update()
        self._shown = (values, states.get(self.entity_id))
