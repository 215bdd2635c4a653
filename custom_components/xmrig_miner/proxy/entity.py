"""The base class of a proxy's entities."""

from typing import override

from homeassistant.helpers.entity import EntityDescription

from ..api.proxy_snapshot import ProxySnapshot
from ..process_entity import ProcessEntity
from .coordinator import WORKERS, ProxyCoordinator


class ProxyEntity(ProcessEntity[ProxyCoordinator]):
    """An entity of a proxy."""

    def __init__(
        self,
        coordinator: ProxyCoordinator,
        description: EntityDescription,
        *,
        needs_workers: bool = False,
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator, description, WORKERS if needs_workers else None)

    @property
    @override
    def snapshot(self) -> ProxySnapshot:
        """Return the last snapshot of the proxy."""
        return self.coordinator.data
