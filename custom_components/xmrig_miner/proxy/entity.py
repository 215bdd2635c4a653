"""The base classes of the entities of a proxy and of its workers."""

from typing import override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription

from ..api.models import Worker
from ..api.proxy_snapshot import ProxySnapshot
from ..const import CONF_NAMED_BY, CONF_WORKER, DOMAIN
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


class WorkerEntity(ProxyEntity):
    """An entity of a worker that the user chose, which is a device of its own."""

    def __init__(
        self,
        coordinator: ProxyCoordinator,
        description: EntityDescription,
        subentry: ConfigSubentry,
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator, description, needs_workers=True)
        self._worker_name: str = subentry.data[CONF_WORKER]
        self._named_by: str = subentry.data[CONF_NAMED_BY]
        self._attr_unique_id = f"{subentry.subentry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            name=self._worker_name,
            via_device_id=coordinator.device_id,
        )

    @property
    def worker(self) -> Worker | None:
        """Return the worker; None if no miner of its name connected since the start."""
        workers = self.snapshot.workers
        return workers.get(self._worker_name) if workers else None

    @property
    @override
    def available(self) -> bool:
        """Unavailable while the workers are unknown, or named by something else."""
        workers = self.snapshot.workers
        return (
            super().available and workers is not None and workers.mode == self._named_by
        )
